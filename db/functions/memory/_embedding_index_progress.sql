-- core.embedding_index_progress: what the building of a model's index is busy with, and how far it is; NULL: none is
-- built. Asked by the login that builds it: PostgreSQL shows others' progress to few.
create or replace function core.embedding_index_progress(p_name text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select concat_ws(', ', p.phase,
           case when p.tuples_total > 0 then format('%s of %s rows', p.tuples_done, p.tuples_total)
                when p.blocks_total > 0 then format('%s %%', 100 * p.blocks_done / p.blocks_total) end)
    from memory.embedding_models m
    join pg_stat_progress_create_index p on p.relid = to_regclass(format('memory.embeddings_%s', m.id))
   where m.name = p_name
$$;

comment on function core.embedding_index_progress(text) is 'How far the building of an embedding model''s index is';
grant execute on function core.embedding_index_progress(text) to plinth_operator;
