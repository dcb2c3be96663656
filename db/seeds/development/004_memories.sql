-- What is remembered of alice and bob: facts, some of which changed, a preference that matters much, one memory that
-- has
-- expired, and one whose vector is in Qdrant, too.
insert into memory.semantic_memories
  (user_id, id, kind, content, importance, metadata, valid_from, valid_to, supersedes, expires_at, qdrant_collection,
   qdrant_point_id, created_at, updated_at)
select ('01900000-0000-7000-8000-00000000000' || m.who)::uuid, ('01900000-0000-7000-8004-' || lpad(m.n, 12, '0'))::uuid, m.kind,
       m.content, m.importance, m.metadata::jsonb, now() - m.began, now() - m.ended,
       ('01900000-0000-7000-8004-' || lpad(m.supersedes, 12, '0'))::uuid, now() + m.expires, m.collection, m.point,
       now() - m.began, now() - coalesce(m.ended, m.began)
  from (values
    (5, '101', 'fact',       'Alice lives in Hamburg',                       0.7, '{"topic": "home"}',
     interval '900 days', interval '200 days', null, null::interval, null, null),
    (5, '102', 'fact',       'Alice lives in Lisbon',                        0.7, '{"topic": "home"}',
     '200 days', null, '101', null, null, null),
    (5, '103', 'fact',       'Alice works as a data engineer at a shipping company', 0.8, '{"topic": "work"}',
     '700 days', '90 days', null, null, null, null),
    (5, '104', 'fact',       'Alice leads the analytics team of a hospital', 0.8, '{"topic": "work"}',
     '90 days', null, '103', null, null, null),
    (5, '105', 'preference', 'Alice prefers answers with short code examples in Python', 0.9, '{"topic": "style"}',
     '300 days', null, null, null, null, null),
    (5, '106', 'preference', 'Alice is allergic to peanuts; never suggest recipes with them', 1.0,
     '{"topic": "food", "tags": ["health"]}', '400 days', null, null, null, null, null),
    (5, '107', 'event',      'Alice is preparing a talk about query planning for May', 0.4, '{"topic": "work"}',
     '20 days', null, null, '60 days', null, null),
    (5, '108', 'event',      'Alice waits for a parcel on Thursday',         0.2, '{"topic": "home"}',
     '9 days', null, null, '-2 days', null, null),
    (5, '109', 'fact',       'Alice keeps a vegetable garden and grows tomatoes', 0.3, '{"topic": "garden"}',
     '60 days', null, null, null, 'alice_notes', '7'),
    (6, '201', 'fact',       'Bob drives an old station wagon',              0.3, '{"topic": "car"}',
     '500 days', '30 days', null, null, null, null),
    (6, '202', 'fact',       'Bob drives an electric car',                   0.3, '{"topic": "car"}',
     '30 days', null, '201', null, null, null),
    (6, '203', 'preference', 'Bob wants answers in plain words, without formulas', 0.8, '{"topic": "style"}',
     '120 days', null, null, null, null, null),
    (6, '204', 'fact',       'Bob is learning PostgreSQL and asks about indexes', 0.5, '{"topic": "work"}',
     '45 days', null, null, null, 'bob_notes', '0c56c793-69f3-4fbf-87e6-c4bf54c28c26'),
    (6, '205', 'event',      'Bob planned a weekend in Prague',              0.2, '{"topic": "travel"}',
     '80 days', '50 days', null, null, null, null))
    as m (who, n, kind, content, importance, metadata, began, ended, supersedes, expires, collection, point)
 order by m.n
on conflict (user_id, id) do nothing;
