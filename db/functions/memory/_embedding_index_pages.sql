-- core.embedding_index_pages: how many pages the table has whose index a search by this model may use; NULL: there is
-- no index that can be used, because it was never made or is being made.
create or replace function core.embedding_index_pages(p_model memory.embedding_models)
returns double precision
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select greatest(pg_relation_size(t.id) / 8192, 1)
    from to_regclass(format('memory.embeddings_%s', p_model.id)) as t (id)
   where exists (
     select from pg_index i
       join pg_class c on c.oid = i.indexrelid
       join pg_am a on a.oid = c.relam
      where i.indrelid = t.id and i.indisvalid and a.amname in ('hnsw', 'ivfflat'))
$$;

comment on function core.embedding_index_pages(memory.embedding_models) is
  'How many pages the table has whose index a search may use; NULL: there is no index';
grant execute on function core.embedding_index_pages(memory.embedding_models) to plinth_system;
