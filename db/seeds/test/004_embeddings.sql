-- Embedding models of few dimensions, so that tests can write vectors down and make no partitions.
insert into memory.embedding_models (name, dimensions, metric, storage, index_kind, is_default)
values ('test-3', 3, 'cosine', 'vector', 'hnsw', true),
       ('test-3-l2', 3, 'l2', 'vector', 'hnsw', false),
       ('test-4-half', 4, 'inner_product', 'halfvec', 'hnsw', false),
       ('test-2-bare', 2, 'cosine', 'vector', 'none', false)
on conflict (name) do nothing;

do $$
declare
  v_model memory.embedding_models;
begin
  for v_model in
    select m.* from memory.embedding_models m where to_regclass(format('memory.embeddings_%s', m.id)) is null
  loop
    perform core.make_embedding_partition(v_model);
  end loop;
end $$;
