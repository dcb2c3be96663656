-- api.v_embedding_models: the embedding models with what they hold and what it takes.
--
-- Owned by plinth_system: adds up the counts of everybody, and shows nothing of anybody.
create or replace view api.v_embedding_models as
select d.name,
       d.dimensions,
       d.metric,
       d.storage,
       d.index_kind,
       d.index_state,
       d.state,
       d.is_default,
       coalesce(c.embeddings, 0)::bigint as embeddings,
       coalesce(c.users, 0) as users,
       pg_total_relation_size(t.id) as bytes,
       coalesce(i.bytes, 0)::bigint as index_bytes
  from core.embedding_model_details d
  join memory.embedding_models m on m.name = d.name
 cross join lateral to_regclass(format('memory.embeddings_%s', m.id)) as t (id)
  left join lateral (
    select sum(n.embeddings) as embeddings, count(*) filter (where n.embeddings > 0) as users
      from memory.embedding_counts n where n.model_id = m.id) c on true
  left join lateral (
    select sum(pg_relation_size(x.indexrelid)) as bytes
      from pg_index x
      join pg_class k on k.oid = x.indexrelid
      join pg_am a on a.oid = k.relam
     where x.indrelid = t.id and a.amname in ('hnsw', 'ivfflat')) i on true;

comment on view api.v_embedding_models is 'The embedding models, with what they hold and what it takes';
comment on column api.v_embedding_models.name is 'Its name';
comment on column api.v_embedding_models.dimensions is 'How many numbers its vectors have';
comment on column api.v_embedding_models.metric is 'cosine, l2 or inner_product';
comment on column api.v_embedding_models.storage is 'vector or halfvec';
comment on column api.v_embedding_models.index_kind is 'The index it should have';
comment on column api.v_embedding_models.index_state is 'ready, building, missing, or none where none is wanted';
comment on column api.v_embedding_models.state is 'active or retired';
comment on column api.v_embedding_models.is_default is 'Whether it is meant where no model is named';
comment on column api.v_embedding_models.embeddings is 'How many rows it has';
comment on column api.v_embedding_models.users is 'How many users these are of';
comment on column api.v_embedding_models.bytes is 'What table, texts and all indexes take on disk';
comment on column api.v_embedding_models.index_bytes is 'What of it the index of the vectors takes';
grant select on api.v_embedding_models to plinth_reader, plinth_operator;
alter view api.v_embedding_models owner to plinth_system;
