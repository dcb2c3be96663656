-- core.recall_words: the words of a text that say something, each as PostgreSQL searches for it: as the language
-- reduces it, or as it stands. The first 32 of them.
create or replace function core.recall_words(p_text text, p_config regconfig)
returns tsquery[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select case when q.reduced = q.simple then q.simple else q.reduced || q.simple end
      from (select lower(m[1]) as word, min(n) as n
              from regexp_matches(p_text, '[[:alnum:]]+', 'g') with ordinality as r (m, n) group by 1) w
     cross join lateral (select plainto_tsquery(p_config, w.word), plainto_tsquery('simple', w.word)) as q (reduced, simple)
     where to_tsvector(p_config, w.word) <> ''
     order by w.n
     limit 32)
$$;

comment on function core.recall_words(text, regconfig) is
  'The words of a text that say something, as they are searched for';
grant execute on function core.recall_words(text, regconfig) to plinth_system;
