-- api.create_memory: what is written down, and what is refused.
begin;
select plan(29);

-- First of all, and waiting as long as it takes: two files that hold some tables already would wait for each other.
update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
lock table auth.users, chat.messages, memory.semantic_memories in share row exclusive mode;
select lives_ok($$ select api.create_embedding_model('tap_create_memory', 3) $$, 'a model');

select is(pg_get_function_arguments('api.create_memory'::regproc),
  'p_user_id uuid, p_content text, p_kind text DEFAULT NULL::text, '
  'p_importance double precision DEFAULT NULL::double precision, p_metadata jsonb DEFAULT NULL::jsonb, '
  'p_conversation_id uuid DEFAULT NULL::uuid, '
  'p_valid_from timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_valid_to timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_qdrant_collection text DEFAULT NULL::text, p_qdrant_point_id text DEFAULT NULL::text, '
  'p_embedding ext.vector DEFAULT NULL::ext.vector, p_model text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.create_memory'::regproc),
  'SETOF core.memory_details', 'result');
select is(p.provolatile::text, 'v', 'volatile') from pg_proc p where p.oid = 'api.create_memory'::regproc;
select is(p.prosecdef, true, 'definer') from pg_proc p where p.oid = 'api.create_memory'::regproc;
select is(p.proowner::regrole::text, 'plinth_owner', 'owner') from pg_proc p
 where p.oid = 'api.create_memory'::regproc;
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'api.create_memory'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.create_memory'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001a001', 'tap_create_memory_anna', 'tap_create_memory_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001a002', 'tap_create_memory_ben', 'tap_create_memory_ben@example.org');
\set anna 019e0000-0000-7000-8000-00000001a001
\set ben 019e0000-0000-7000-8000-00000001a002
insert into chat.conversations (user_id, id, status) values
  (:'anna', '019e0000-0000-7000-8000-00000001a011', 'active'),
  (:'anna', '019e0000-0000-7000-8000-00000001a012', 'deleted'),
  (:'ben', '019e0000-0000-7000-8000-00000001a021', 'active');

set session authorization plinth_operator;
create function pg_temp.make(p_fields jsonb) returns core.memory_details language sql volatile as $$
  select m from jsonb_to_record(p_fields) as f (content text, kind text, importance double precision, metadata jsonb,
           conversation_id uuid, valid_from timestamptz, valid_to timestamptz, expires_at timestamptz,
           qdrant_collection text, qdrant_point_id text)
   cross join lateral api.create_memory('019e0000-0000-7000-8000-00000001a001', f.content, f.kind, f.importance, f.metadata,
           f.conversation_id, f.valid_from, f.valid_to, f.expires_at, f.qdrant_collection, f.qdrant_point_id) m
$$;

select results_eq(
  $$ select m.content, m.kind, m.importance, m.metadata, m.conversation_id, m.valid_from, m.valid_to, m.supersedes,
            m.superseded_by, m.expires_at, m.recall_count, m.version
       from pg_temp.make('{"content": "Likes tea"}') m $$,
  $$ values ('Likes tea', 'fact', 0.5::double precision, '{}'::jsonb, null::uuid, now(), null::timestamptz, null::uuid,
             null::uuid, null::timestamptz, 0::bigint, 1) $$,
  'a text is enough');
select results_eq(
  $$ select m.kind, m.importance, m.metadata, m.conversation_id, m.valid_from, m.valid_to, m.expires_at,
            m.qdrant_collection, m.qdrant_point_id
       from pg_temp.make('{"content": "x", "kind": "preference", "importance": 1, "metadata": {"a": [1]},
         "conversation_id": "019e0000-0000-7000-8000-00000001a011", "valid_from": "2020-01-01T00:00:00Z",
         "valid_to": "2021-01-01T00:00:00Z", "expires_at": "2999-01-01T00:00:00Z", "qdrant_collection": "notes",
         "qdrant_point_id": "5C56C793-69F3-4FBF-87E6-C4BF54C28C26"}') m $$,
  $$ values ('preference', 1::double precision, '{"a": [1]}'::jsonb, uuid '019e0000-0000-7000-8000-00000001a011',
             timestamptz '2020-01-01 00:00:00Z', timestamptz '2021-01-01 00:00:00Z', timestamptz '2999-01-01 00:00:00Z',
             'notes', '5c56c793-69f3-4fbf-87e6-c4bf54c28c26') $$,
  'and everything can be said');
select is((api.create_memory('019e0000-0000-7000-8000-00000001a001', 'z', p_importance => '-0')).importance::text, '0',
          'zero has no sign');
select throws_ok($$ select pg_temp.make('{"content": "y", "qdrant_collection": "notes",
                      "qdrant_point_id": "5c56c793-69f3-4fbf-87e6-c4bf54c28c26"}') $$,
                 'KC001', 'Another memory refers to this point', 'one point, one memory');
select lives_ok($$ select api.create_memory('019e0000-0000-7000-8000-00000001a002', 'y', p_qdrant_collection => 'notes',
                     p_qdrant_point_id => '5c56c793-69f3-4fbf-87e6-c4bf54c28c26') $$, 'of one user');

select throws_ok($$ select pg_temp.make('{}') $$, 'VL003', 'content is required', 'no text');
select throws_ok($$ select pg_temp.make('{"content": ""}') $$, 'VL001', 'content must have 1 to 10,000 characters', 'empty');
select throws_ok($$ select pg_temp.make('{"content": "x", "importance": 1.1}') $$, 'VL001',
                 'importance must be from 0.000001 to 1, or 0',
                 'the rules are those of core.check_memory');
select throws_ok($$ select pg_temp.make('{"content": "x", "conversation_id": "019e0000-0000-7000-8000-00000001a019"}') $$,
                 'NF001', 'There is no such conversation', 'a conversation that is none');
select throws_ok($$ select pg_temp.make('{"content": "x", "conversation_id": "019e0000-0000-7000-8000-00000001a012"}') $$,
                 'NF001', 'There is no such conversation', 'a deleted one');
select throws_ok($$ select pg_temp.make('{"content": "x", "conversation_id": "019e0000-0000-7000-8000-00000001a021"}') $$,
                 'NF001', 'There is no such conversation', 'another user''s, in the same words');

-- With its vector, in the same transaction or not at all.
create function pg_temp.embed(p_embedding ext.vector, p_model text default 'tap_create_memory') returns uuid
language sql volatile
as $$
  select m.id from api.create_memory('019e0000-0000-7000-8000-00000001a001', 'with a vector', p_embedding => p_embedding,
                                     p_model => p_model) m
$$;
create temp table embedded as select pg_temp.embed('[1,2,3]') as id;
select results_eq(
  $$ select e.content, e.embedding::text, e.collection
       from embedded m
      cross join lateral api.list_embeddings('019e0000-0000-7000-8000-00000001a001', p_model => 'tap_create_memory',
                                             p_memory_id => m.id, p_with_embedding => true) e $$,
  $$ values ('with a vector', '{1,2,3}', '') $$, 'the vector hangs on the memory');
select throws_ok($$ select pg_temp.embed('[1,2]') $$, 'VL001',
                 'embedding must have 3 numbers, as tap_create_memory makes them, not 2', 'a vector of another length');
select throws_ok($$ select pg_temp.embed('[1,2,3]', 'tap_none') $$, 'NF001',
                 'There is no embedding model tap_none', 'no such model');
reset session authorization;
update memory.embedding_models m set is_default = false;
update memory.embedding_models m set state = 'retired' where m.name = 'tap_create_memory';
set session authorization plinth_operator;
select throws_ok($$ select pg_temp.embed('[1,2,3]', null) $$, 'VL003', 'Name a model: there is no default',
                 'none named, no default');
select throws_ok($$ select pg_temp.embed('[1,2,3]') $$, 'KC004',
                 'The model tap_create_memory is retired: nothing is added to it', 'a model that is retired');

select throws_ok($$ select api.create_memory(null, 'x') $$, 'VL003', 'Name the user to act for', 'no user');
reset session authorization;

select is((select count(*) from memory.semantic_memories m where m.user_id = :'anna'), 4::bigint, 'nothing else was written');
select is((select count(*) from ops.audit_logs l where l.entity_type = 'memory.semantic_memories' and l.user_id = :'anna'),
          0::bigint, 'what is new has no line in the trail');

set session authorization plinth_web;
select throws_ok($$ select api.create_memory('019e0000-0000-7000-8000-00000001a001', 'x') $$, 'UN001', 'Nobody is signed in',
                 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.create_memory('019e0000-0000-7000-8000-00000001a001', 'x') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
