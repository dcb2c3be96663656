-- core.slip_pattern: a pattern of all words that are one slip away from a word: a letter wrong, missing or too many,
-- or two swapped. The word has letters and digits only.
create or replace function core.slip_pattern(p_word text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select '^(?:' || string_agg(concat_ws('|',
           left(p_word, n) || '.?' || substr(p_word, n + 2),
           left(p_word, n) || '.' || substr(p_word, n + 1),
           left(p_word, n) || substr(p_word, n + 2, 1) || substr(p_word, n + 1, 1) || substr(p_word, n + 3)),
         '|' order by n) || ')$'
    from generate_series(0, length(p_word)) n
$$;

comment on function core.slip_pattern(text) is 'A pattern of all words that are one slip away from a word';
