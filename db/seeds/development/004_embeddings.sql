-- Embedding models as they are common, and for alice and bob a few texts with placeholder vectors: numbers that come
-- from the text's own number and mean nothing, but are the same in every installation. plinth embed makes real ones.
insert into memory.embedding_models (name, description, dimensions, is_default)
values ('text-embedding-3-small', 'OpenAI', 1536, true),
       ('nomic-embed-text-v1.5', 'Nomic AI, runs anywhere', 768, false),
       ('all-minilm-l6-v2', 'Sentence Transformers, small and fast', 384, false)
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

with text (n, username, collection, content) as (
  values
    (1, 'alice', 'notes', 'The workshop on vector search is in room 4 on Tuesday.'),
    (2, 'alice', 'notes', 'Ask the finance team for the invoice of the new laptops.'),
    (3, 'alice', 'notes', 'The report on churn needs a chart by region.'),
    (4, 'alice', 'recipes', 'Lentil soup: red lentils, cumin, lemon, and a lot of garlic.'),
    (5, 'alice', 'recipes', 'Flat bread needs flour, yogurt, salt, and a very hot pan.'),
    (6, 'bob', 'notes', 'The staging database moves to the new disk at night.'),
    (7, 'bob', 'notes', 'Index builds take longer when memory for maintenance is short.'),
    (8, 'bob', 'travel', 'The train to Lisbon leaves at nine, and the seats face west.'),
    (9, 'bob', 'travel', 'Hotels near the harbour are cheaper in October.')
)
insert into memory.embeddings (user_id, model_id, collection, content, metadata, embedding)
select u.id, m.id, t.collection, t.content, '{"placeholder": true}',
       (select array_agg(sin(t.n * 12.9898 + d * 78.233)::real order by d) from generate_series(1, m.dimensions) as d)::ext.vector
  from text t
  join auth.users u on u.username = t.username
 cross join memory.embedding_models m
 where m.storage = 'vector' and m.name in ('text-embedding-3-small', 'nomic-embed-text-v1.5', 'all-minilm-l6-v2')
on conflict (user_id, content_digest, collection, message_id, memory_id, model_id) do nothing;
