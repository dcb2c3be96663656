-- core.loosened_query: a query that also takes words that are written like those asked for.
--
-- Rules   p_fuzzy: each word may also be one of five similar ones. Without: only words that are in none of the user's
--         messages may be, and one of three that are nearer.
--         Only words of four letters or more, the first eight of them, and none that is left out by a hyphen.
create or replace function core.loosened_query(
  p_user_id uuid,
  p_query   tsquery,
  p_text    text,
  p_config  regconfig,
  p_fuzzy   boolean
)
returns tsquery
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_words text[];
  v_word  text;
  v_like  text[];
begin
  v_words := array(
    select distinct l
      from regexp_matches(regexp_replace(p_text, '(^|\s)-("[^"]*"?|\S+)', ' ', 'g'), '[[:alpha:]]{4,30}', 'g')
             with ordinality as w (word, n)
     cross join lateral unnest(tsvector_to_array(to_tsvector(p_config, w.word[1]))) l
     where w.n <= 8 and l ~ '^[[:alpha:]]{3,}$'
       and (p_fuzzy or not exists (select from core.find_messages(p_user_id, quote_literal(l)::tsquery, 1))));

  for v_word, v_like in
    select s.word, array_agg(s.similar_word)
      from core.similar_words(p_user_id, v_words, case when p_fuzzy then 0.4 else 0.5 end, case when p_fuzzy then 5 else 3 end) s
     group by s.word
  loop
    p_query := ts_rewrite(p_query, quote_literal(v_word)::tsquery,
      (select string_agg(quote_literal(l), '|') from unnest(v_word || v_like) l)::tsquery);
  end loop;
  return p_query;
end
$$;

comment on function core.loosened_query(uuid, tsquery, text, regconfig, boolean) is
  'A query that also takes words that are written like those asked for';
