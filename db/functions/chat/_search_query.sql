-- core.search_query: what a search was asked for, as PostgreSQL searches for it. Empty: there is nothing to look for.
--
-- Rules   "a phrase", -not, or; all other words must be there. Each word is looked for as the language reduces it and
--         as it stands: so it is found in conversations of another language, too.
--         prefix: the last word is the beginning of one, unless it is left out by a hyphen.
--         At most 1,000 characters and 32 words: what a search may cost is bounded before it begins.
-- Errors  VL001 query
create or replace function core.search_query(p_query text, p_config regconfig, p_mode text default 'web')
returns tsquery
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_parts text[];
  v_last  tsquery;
  v_query tsquery;
  v_word  text;
  v_stem  tsquery;
begin
  if coalesce(length(btrim(p_query, E' \t\r\n')), 0) not between 1 and 1000 then
    perform base.raise('VL001', 'query must have 1 to 1,000 characters', 'query');
  end if;
  if regexp_count(p_query, '[[:alnum:]]+') > 32 then
    perform base.raise('VL001', 'query must have at most 32 words', 'query');
  end if;

  -- Within a word and within a phrase a hyphen leaves nothing out; like a comma, it holds together what it is between.
  p_query := (
    select string_agg(case when q.n % 2 = 0 then translate(q.part, '-', ',')
                           else regexp_replace(q.part, '(?<=[[:alnum:]])-(?=[[:alnum:]])', ',', 'g') end, '"' order by q.n)
      from string_to_table(p_query, '"') with ordinality as q (part, n));
  -- Another that leaves nothing out is a blank: to the parser each one is a NOT, and it takes 32 of them at a time.
  p_query := regexp_replace(p_query, '-(?![[:alnum:]"])', ' ', 'g');
  p_query := translate(chat.search_text(translate(p_query, '-', E'\x01')), E'\x01', '-');
  v_parts := regexp_match(p_query, '^(.*?)([[:alnum:]]+)$');
  if p_mode = 'prefix' and v_parts[1] !~ '(^|\s)-$' and lower(v_parts[2]) <> 'or' then
    v_last := to_tsquery('simple', v_parts[2] || ':*');
    if to_tsquery(p_config, v_parts[2] || ':*') <> v_last then
      v_last := to_tsquery(p_config, v_parts[2] || ':*') || v_last;
    end if;
    p_query := v_parts[1];
  end if;
  v_query := websearch_to_tsquery(p_config, p_query);

  for v_word in select distinct lower(w[1]) from regexp_matches(p_query, '[[:alnum:]]+', 'g') w loop
    v_stem := plainto_tsquery(p_config, v_word);
    if numnode(v_stem) = 1 and v_stem <> plainto_tsquery('simple', v_word) then
      v_query := ts_rewrite(v_query, v_stem, v_stem || plainto_tsquery('simple', v_word));
    end if;
  end loop;

  if v_last is not null then
    v_query := case when p_query ~* '\sor\s+$' then v_query || v_last else v_query && v_last end;
  end if;
  if querytree(v_query) = 'T' then
    perform base.raise('VL001', 'query must have a word to find, not only words to leave out', 'query');
  end if;
  return v_query;
end
$$;

comment on function core.search_query(text, regconfig, text) is
  'What a search was asked for, as PostgreSQL searches for it';
grant execute on function core.search_query(text, regconfig, text) to plinth_system;
