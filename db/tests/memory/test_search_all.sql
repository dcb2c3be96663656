-- api.search_all: two lists fused by rank, what is in them, and what is not.
begin;
select plan(49);

-- First of all, and waiting as long as it takes: two files that hold some tables already would wait for each other.
update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
lock table auth.users, chat.messages, memory.semantic_memories in share row exclusive mode;
select lives_ok($$ select api.create_embedding_model('tap_search_all', 2, p_default => true) $$, 'a model');

select is(pg_get_function_arguments('api.search_all'::regproc),
  'p_user_id uuid, p_query text DEFAULT NULL::text, p_embedding ext.vector DEFAULT NULL::ext.vector, '
  'p_model text DEFAULT NULL::text, p_sources text[] DEFAULT ''{messages,memories}''::text[], '
  'p_conversation_id uuid DEFAULT NULL::uuid, '
  'p_from timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_to timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_text_weight double precision DEFAULT 1, p_vector_weight double precision DEFAULT 1, p_k integer DEFAULT 60, '
  'p_language text DEFAULT NULL::text, p_highlight text DEFAULT ''html''::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.search_all'::regproc),
  'TABLE(source text, id uuid, conversation_id uuid, content text, highlight text, score double precision, '
  'text_rank integer, vector_rank integer, text_score real, distance double precision, '
  'created_at timestamp with time zone, cursor text)', 'result');
select is(p.provolatile::text, 's', 'stable') from pg_proc p where p.oid = 'api.search_all'::regproc;
select is(p.prosecdef, true, 'definer') from pg_proc p where p.oid = 'api.search_all'::regproc;
select is(p.proowner::regrole::text, 'plinth_system', 'owner') from pg_proc p
 where p.oid = 'api.search_all'::regproc;
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'api.search_all'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.search_all'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001b401', 'tap_search_all_anna', 'tap_search_all_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001b402', 'tap_search_all_ben', 'tap_search_all_ben@example.org');
\set anna 019e0000-0000-7000-8000-00000001b401
insert into chat.conversations (user_id, id, status) values
  (:'anna', '019e0000-0000-7000-8000-00000001b411', 'active'), (:'anna', '019e0000-0000-7000-8000-00000001b412', 'active'),
  (:'anna', '019e0000-0000-7000-8000-00000001b413', 'deleted'),
  ('019e0000-0000-7000-8000-00000001b402', '019e0000-0000-7000-8000-00000001b414', 'active');
insert into chat.messages (user_id, id, conversation_id, role, content, created_at)
select ('019e0000-0000-7000-8000-00000001' || m.who)::uuid, ('019e0000-0000-7000-8000-00000001' || m.id)::uuid,
       ('019e0000-0000-7000-8000-00000001' || m.conversation)::uuid, 'user', m.content,
       timestamptz '2026-01-01' + m.day * interval '1 day'
  from (values
    ('b401', 'b421', 'b411', 'The gate <b>squeaks</b> in the wind', 1),
    ('b401', 'b422', 'b411', 'Oil for the hinge of a gate', 2),
    ('b401', 'b423', 'b412', 'Nothing of the sort', 3),
    ('b401', 'b424', 'b413', 'The gate of a deleted conversation', 4),
    ('b402', 'b425', 'b414', 'The gate of Ben', 5)) as m (who, id, conversation, content, day);
insert into memory.semantic_memories (user_id, id, conversation_id, content, valid_to, expires_at, created_at)
select :'anna', ('019e0000-0000-7000-8000-00000001' || m.id)::uuid, ('019e0000-0000-7000-8000-00000001' || m.conversation)::uuid,
       m.content, now() - m.ended, now() - m.expired, timestamptz '2026-01-01' + m.day * interval '1 day'
  from (values
    ('b431', null, 'Has an iron gate', null, null, 6),
    ('b432', 'b411', 'Paints doors', null, null, 7),
    ('b433', null, 'Had a wooden gate', interval '0 s', null, 8),
    ('b434', null, 'A gate that expired', null, interval '1 s', 9),
    ('b435', 'b413', 'A gate of a deleted conversation', null, null, 10)) as m (id, conversation, content, ended, expired, day);
select lives_ok($$ select api.upsert_embeddings('019e0000-0000-7000-8000-00000001b401',
  '{squeaks,hinge,doors,wooden}', array['[1,0]', '[4,3]', '[3,4]', '[1,0]']::ext.vector[],
  p_message_ids => array['019e0000-0000-7000-8000-00000001b421', '019e0000-0000-7000-8000-00000001b422', null, null]::uuid[],
  p_memory_ids => array[null, null, '019e0000-0000-7000-8000-00000001b432', '019e0000-0000-7000-8000-00000001b433']::uuid[]) $$,
  'vectors');
-- A second vector of the same message, of another part of it: it counts once, by the nearer.
select lives_ok($$ select api.upsert_embedding('019e0000-0000-7000-8000-00000001b401', 'oil', '[0,1]',
  p_message_id => '019e0000-0000-7000-8000-00000001b422') $$, 'a part');

create function pg_temp.found(p_choice jsonb) returns text[] language sql volatile as $$
  select array_agg(concat_ws(' ', right(r.id::text, 4), coalesce(r.text_rank::text, '-'), coalesce(r.vector_rank::text, '-'))
                   order by r.n)
    from (select m.*, row_number() over () as n
            from jsonb_to_record(p_choice) as c (query text, embedding ext.vector, model text, sources text[], conversation_id uuid,
                   "from" timestamptz, "to" timestamptz, text_weight double precision, vector_weight double precision, k integer,
                   language text, highlight text, "limit" integer)
           cross join lateral api.search_all('019e0000-0000-7000-8000-00000001b401', c.query, c.embedding, c.model,
                   coalesce(c.sources, '{messages,memories}'), c.conversation_id, c."from", c."to", coalesce(c.text_weight, 1),
                   coalesce(c.vector_weight, 1), coalesce(c.k, 60), c.language, coalesce(c.highlight, 'html'),
                   coalesce(c."limit", 20)) m) r
$$;

set session authorization plinth_operator;
create temp table fused as select s.* from api.search_all('019e0000-0000-7000-8000-00000001b401', 'gates', '[1,0]') s;
select is(array(select right(b.id::text, 4) from fused b order by b.text_rank nulls last, b.id),
          array(select right(b.id::text, 4) from fused b order by b.text_score desc nulls last, b.id desc),
          'words have their list');
select is(array(select concat_ws(' ', right(b.id::text, 4), b.vector_rank, round(b.distance::numeric, 6)) from fused b
                 where b.vector_rank is not null order by b.vector_rank), '{"b421 1 0.000000","b422 2 0.200000","b432 3 0.400000"}',
          'vectors have theirs, over all sources; each thing once, by its nearest');
select is(array(select right(b.id::text, 4) from fused b where b.text_rank is not null order by 1), '{b421,b422,b431}',
          'what has the words: not what ended, expired, belongs to a deleted conversation or to another user');
select is_empty($$ select b.id from fused b
                    where abs(b.score - coalesce(1.0 / (60 + b.text_rank), 0) - coalesce(1.0 / (60 + b.vector_rank), 0)) > 1e-12 $$,
                'the score is what both places make');
select is(array(select b.score from fused b), array(select b.score from fused b order by b.score desc), 'the best first');
select is(array(select b.source || ': ' || b.highlight from fused b order by b.id),
          '{"message: The <mark>gate</mark> &lt;b&gt;squeaks&lt;/b&gt; in the wind",'
          '"message: Oil for the hinge of a <mark>gate</mark>","memory: Has an iron <mark>gate</mark>","memory: Paints doors"}',
          'hits are marked, texts are escaped');

select is(pg_temp.found('{"embedding": "[1,0]"}'), '{"b421 - 1","b422 - 2","b432 - 3"}', 'a vector alone');
select is(array(select split_part(f, ' ', 1) from unnest(pg_temp.found('{"query": "gate"}')) f order by 1),
          '{b421,b422,b431}', 'words alone');
select is((pg_temp.found('{"query": "squeaks", "embedding": "[3,4]", "text_weight": 10}'))[1], 'b421 1 3', 'words weigh more');
select is((pg_temp.found('{"query": "squeaks", "embedding": "[3,4]", "vector_weight": 10, "k": 1}'))[1], 'b432 - 1',
          'the vector weighs more');
select is((select s.score from api.search_all('019e0000-0000-7000-8000-00000001b401', 'squeaks', p_k => 1) s),
          0.5::double precision,
          'another k');
select is(pg_temp.found('{"embedding": "[1,0]", "sources": ["memories"]}'), '{"b432 - 1"}', 'memories only');
select is(pg_temp.found('{"embedding": "[1,0]", "sources": ["messages"]}'), '{"b421 - 1","b422 - 2"}', 'messages only');
select is(pg_temp.found('{"query": "doors", "embedding": "[1,0]", "conversation_id": "019e0000-0000-7000-8000-00000001b412"}'),
          null, 'of one conversation');
select is(pg_temp.found('{"embedding": "[1,0]", "conversation_id": "019e0000-0000-7000-8000-00000001b411"}'),
          '{"b421 - 1","b422 - 2","b432 - 3"}', 'its messages and memories');
select is(array(select split_part(f, ' ', 1) from unnest(pg_temp.found(
            '{"query": "gate OR doors", "embedding": "[1,0]", "from": "2026-01-07", "to": "2026-01-08"}')) f), '{b431}',
          'within a time: from is included, to is not');
select is(pg_temp.found('{"embedding": "[1,0]", "limit": 1}'), '{"b421 - 1"}', 'as many as asked for');
select is((select s.highlight from api.search_all('019e0000-0000-7000-8000-00000001b401', 'hinge', p_highlight => 'text') s),
          'Oil for the **hinge** of a gate', 'marked as text');
select is((select s.highlight from api.search_all('019e0000-0000-7000-8000-00000001b401', 'hinge', p_highlight => 'none') s), null,
          'not marked');

select throws_ok($$ select pg_temp.found('{}') $$, 'VL003', 'Say what to look for: query, embedding, or both', 'nothing');
select throws_ok($$ select pg_temp.found('{"query": " "}') $$, 'VL001', 'query must have 1 to 1,000 characters', 'an empty query');
select throws_ok($$ select pg_temp.found('{"query": "x", "limit": 0}') $$, 'VL001', 'limit must be from 1 to 200', 'no rows');
select throws_ok($$ select pg_temp.found('{"query": "x", "sources": []}') $$, 'VL001',
                 'sources must be messages, memories, or both', 'no source');
select throws_ok($$ select pg_temp.found('{"query": "x", "sources": ["notes"]}') $$, 'VL001',
                 'sources must be messages, memories, or both', 'another source');
select throws_ok($$ select pg_temp.found('{"query": "x", "text_weight": -1}') $$, 'VL001',
                 'text_weight must be from 0.000001 to 100, or 0', 'a weight below nothing');
select throws_ok(format('select pg_temp.found(%L)', jsonb_build_object('query', 'gates', w.name, 5e-324)), 'VL001',
                 w.name || ' must be from 0.000001 to 100, or 0', 'a weight next to nothing')
  from unnest('{text_weight,vector_weight}'::text[]) w (name);
select throws_ok($$ select pg_temp.found('{"query": "x", "vector_weight": 101}') $$, 'VL001',
                 'vector_weight must be from 0.000001 to 100, or 0', 'too much weight');
select throws_ok($$ select pg_temp.found('{"query": "x", "k": 0}') $$, 'VL001', 'k must be from 1 to 1,000', 'k too small');
select throws_ok($$ select pg_temp.found('{"query": "x", "to": "infinity"}') $$, 'VL001', 'from and to must be moments',
                 'no moment');
select throws_ok($$ select pg_temp.found('{"query": "x", "language": "klingon"}') $$, 'VL001',
                 'language must be a text search configuration, such as english, german or simple', 'another language');
select throws_ok($$ select pg_temp.found('{"query": "x", "highlight": "blue"}') $$, 'VL001', 'highlight must be html, text or none',
                 'another highlight');
select throws_ok($$ select pg_temp.found('{"embedding": "[1,2,3]"}') $$, 'VL001',
                 'embedding must have 2 numbers, as tap_search_all makes them, not 3', 'a vector of another length');
select throws_ok($$ select pg_temp.found('{"embedding": "[1,2]", "model": "tap_none"}') $$, 'NF001',
                 'There is no embedding model tap_none', 'no such model');
select throws_ok($$ select pg_temp.found('{"query": "x", "model": "tap_none"}') $$, 'NF001',
                 'There is no embedding model tap_none', 'no such model, though no vector needs it');
select throws_ok($$ select pg_temp.found('{"query": "x", "conversation_id": "019e0000-0000-7000-8000-00000001b413"}') $$, 'NF001',
                 'There is no such conversation', 'a deleted conversation');
select throws_ok($$ select pg_temp.found('{"query": "x", "conversation_id": "019e0000-0000-7000-8000-00000001b414"}') $$, 'NF001',
                 'There is no such conversation', 'another user''s, in the same words');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.search_all('019e0000-0000-7000-8000-00000001b401', 'x') $$, 'UN001', 'Nobody is signed in',
                 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.search_all('019e0000-0000-7000-8000-00000001b401', 'x') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
