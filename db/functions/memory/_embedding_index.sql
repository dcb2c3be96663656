-- core.embedding_index: the index a model should have: its name, which tells what it is, and how it is made. No row:
-- it should have none.
create or replace function core.embedding_index(p_model memory.embedding_models)
returns table (name text, definition text)
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select format('embeddings_%s_%s_idx', p_model.id, i.kind),
         format('on memory.embeddings_%s using %s (%s %s) with (%s)', p_model.id, p_model.index_kind, s.stored, s.opclass,
                i.options)
    from core.embedding_sql(p_model) s
   cross join lateral (values
     ('hnsw', format('hnsw_%s_%s', p_model.hnsw_m, p_model.hnsw_ef_construction),
      format('m = %s, ef_construction = %s', p_model.hnsw_m, p_model.hnsw_ef_construction)),
     ('ivfflat', format('ivfflat_%s', p_model.ivfflat_lists), format('lists = %s', p_model.ivfflat_lists))
   ) as i (method, kind, options)
   where i.method = p_model.index_kind
$$;

comment on function core.embedding_index(memory.embedding_models) is
  'The index a model should have, and how it is made';
grant execute on function core.embedding_index(memory.embedding_models) to plinth_system;
