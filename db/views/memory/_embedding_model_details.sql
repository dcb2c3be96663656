-- core.embedding_model_details: an embedding model as callers see it. index_state is what the catalog knows of its
-- index at this moment: searches use an index that is ready and compare row by row without one.
create or replace view core.embedding_model_details as
select m.name,
       m.description,
       m.dimensions,
       m.metric,
       m.storage,
       m.index_kind,
       case when i.ready then 'ready' when i.ready = false then 'building'
            when m.index_kind = 'none' then 'none' else 'missing' end as index_state,
       m.hnsw_m,
       m.hnsw_ef_construction,
       m.hnsw_ef_search,
       m.ivfflat_lists,
       m.ivfflat_probes,
       m.state,
       m.is_default,
       m.created_at,
       m.updated_at,
       m.version
  from memory.embedding_models m
  left join lateral (
    select bool_or(x.indisvalid) as ready
      from pg_catalog.pg_index x
      join pg_catalog.pg_class c on c.oid = x.indexrelid
      join pg_catalog.pg_am a on a.oid = c.relam
     where x.indrelid = to_regclass(format('memory.embeddings_%s', m.id)) and a.amname in ('hnsw', 'ivfflat')) i on true;

comment on view core.embedding_model_details is 'An embedding model as callers see it';
comment on column core.embedding_model_details.name is 'Its name';
comment on column core.embedding_model_details.description is 'What it is for';
comment on column core.embedding_model_details.dimensions is 'How many numbers its vectors have';
comment on column core.embedding_model_details.metric is 'cosine, l2 or inner_product';
comment on column core.embedding_model_details.storage is 'vector or halfvec';
comment on column core.embedding_model_details.index_kind is 'The index it should have: hnsw, ivfflat or none';
comment on column core.embedding_model_details.index_state is
  'ready, building, missing, or none where none is wanted; without one every row is compared';
comment on column core.embedding_model_details.hnsw_m is 'Neighbours of each point';
comment on column core.embedding_model_details.hnsw_ef_construction is 'Candidates looked at when a point is added';
comment on column core.embedding_model_details.hnsw_ef_search is 'Candidates a search looks at';
comment on column core.embedding_model_details.ivfflat_lists is 'How many lists';
comment on column core.embedding_model_details.ivfflat_probes is 'Lists a search looks at';
comment on column core.embedding_model_details.state is 'active, or retired: searched, but nothing is added';
comment on column core.embedding_model_details.is_default is 'Whether it is meant where no model is named';
comment on column core.embedding_model_details.created_at is 'When it was registered';
comment on column core.embedding_model_details.updated_at is 'When it was last changed';
comment on column core.embedding_model_details.version is 'Grows with every change; for optimistic updates';
grant select on core.embedding_model_details to plinth_system;
