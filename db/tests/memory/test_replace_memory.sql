-- api.replace_memory: a fact that changed is closed, and another takes its place.
begin;
select plan(30);

-- First of all, and waiting as long as it takes: two files that hold some tables already would wait for each other.
update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
lock table auth.users, chat.messages, memory.semantic_memories in share row exclusive mode;
select lives_ok($$ select api.create_embedding_model('tap_replace_memory', 2) $$, 'a model');

select is(pg_get_function_arguments('api.replace_memory'::regproc),
  'p_user_id uuid, p_memory_id uuid, p_content text, p_kind text DEFAULT NULL::text, '
  'p_importance double precision DEFAULT NULL::double precision, p_metadata jsonb DEFAULT NULL::jsonb, '
  'p_valid_from timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_qdrant_collection text DEFAULT NULL::text, p_qdrant_point_id text DEFAULT NULL::text, '
  'p_version integer DEFAULT NULL::integer, p_embedding ext.vector DEFAULT NULL::ext.vector, '
  'p_model text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.replace_memory'::regproc),
  'SETOF core.memory_details', 'result');
select is(p.provolatile::text, 'v', 'volatile') from pg_proc p where p.oid = 'api.replace_memory'::regproc;
select is(p.prosecdef, true, 'definer') from pg_proc p where p.oid = 'api.replace_memory'::regproc;
select is(p.proowner::regrole::text, 'plinth_owner', 'owner') from pg_proc p
 where p.oid = 'api.replace_memory'::regproc;
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'api.replace_memory'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.replace_memory'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001a701', 'tap_replace_memory_anna', 'tap_replace_memory_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001a702', 'tap_replace_memory_ben', 'tap_replace_memory_ben@example.org');
insert into chat.conversations (user_id, id) values
  ('019e0000-0000-7000-8000-00000001a701', '019e0000-0000-7000-8000-00000001a711');
insert into memory.semantic_memories
  (user_id, id, content, kind, importance, metadata, conversation_id, valid_from, valid_to, expires_at, qdrant_collection,
   qdrant_point_id)
select '019e0000-0000-7000-8000-00000001a701', ('019e0000-0000-7000-8000-00000001' || m.id)::uuid, m.content,
       case m.id when 'a725' then 'town' else 'home' end, 0.75,
       '{"a": 1}', '019e0000-0000-7000-8000-00000001a711', m.valid_from, m.valid_to, m.expires_at,
       case when m.id = 'a721' then 'notes' end, case when m.id = 'a721' then '1' end
  from (values ('a721', 'Lives in Bonn', timestamptz '2020-01-01', null, timestamptz '2999-01-01'),
               ('a722', 'Worked at A', '2020-01-01', timestamptz '2021-01-01', null),
               ('a723', 'gone', '2020-01-01', null, now()),
               ('a725', 'Lives in Rome until 2999', '2020-01-01', timestamptz '2999-01-01', null),
               ('a724', 'Wrote this a moment later', now() + interval '1 s', null, null))
       as m (id, content, valid_from, valid_to, expires_at);

create function pg_temp.replace(p_id text, p_fields jsonb) returns core.memory_details language sql volatile as $$
  select m from jsonb_to_record(p_fields) as f (content text, kind text, importance double precision, metadata jsonb,
           valid_from timestamptz, expires_at timestamptz, qdrant_collection text, qdrant_point_id text, version integer)
   cross join lateral api.replace_memory('019e0000-0000-7000-8000-00000001a701',
           ('019e0000-0000-7000-8000-00000001' || p_id)::uuid, f.content, f.kind, f.importance, f.metadata, f.valid_from,
           f.expires_at, f.qdrant_collection, f.qdrant_point_id, f.version) m
$$;

set session authorization plinth_operator;
create temp table next as select (m).* from pg_temp.replace('a721', '{"content": "Lives in Rome", "version": 1}') m;
select results_eq(
  $$ select n.content, n.kind, n.importance, n.metadata, n.conversation_id, n.valid_from, n.valid_to, n.supersedes, n.expires_at,
            n.qdrant_point_id, n.version
       from next n $$,
  $$ values ('Lives in Rome', 'home', 0.75::double precision, '{"a": 1}'::jsonb, uuid '019e0000-0000-7000-8000-00000001a711',
             now(), null::timestamptz, uuid '019e0000-0000-7000-8000-00000001a721', null::timestamptz, null::text, 1) $$,
  'the new one is true from now on, where the old one was');
select results_eq(
  $$ select g.content, g.valid_to, g.superseded_by, g.qdrant_point_id, g.version
       from api.get_memory('019e0000-0000-7000-8000-00000001a701', '019e0000-0000-7000-8000-00000001a721') g $$,
  $$ select 'Lives in Bonn', now(), n.id, '1', 2 from next n $$,
  'the old one is closed and says what followed');
select results_eq(
  $$ select m.content from api.list_memories('019e0000-0000-7000-8000-00000001a701', p_kind => 'home',
              p_as_of => now() - interval '1 us') m $$,
  $$ values ('Lives in Bonn') $$, 'a moment before');
select results_eq(
  $$ select m.content from api.list_memories('019e0000-0000-7000-8000-00000001a701', p_kind => 'home') m $$,
  $$ values ('Lives in Rome') $$, 'and now: never both, never none');
select results_eq(
  $$ select m.kind, m.importance, m.metadata, m.valid_from, m.expires_at, m.qdrant_point_id
       from pg_temp.replace('a722', '{"content": "Works at B", "kind": "job", "importance": 1, "metadata": {},
              "valid_from": "2021-06-01", "expires_at": "2999-01-01", "qdrant_collection": "notes", "qdrant_point_id": "2"}') m $$,
  $$ values ('job', 1::double precision, '{}'::jsonb, timestamptz '2021-06-01', timestamptz '2999-01-01', '2') $$,
  'the new one may say everything anew');
select is((api.get_memory('019e0000-0000-7000-8000-00000001a701', '019e0000-0000-7000-8000-00000001a722')).valid_to,
          '2021-01-01', 'what ended before keeps its end');
select is((pg_temp.replace('a725', '{"content": "Lives in Pisa"}')).valid_to, null, 'what would end later');
select is((api.get_memory('019e0000-0000-7000-8000-00000001a701', '019e0000-0000-7000-8000-00000001a725')).valid_to, now(),
          'ends where the new one begins');
select is((pg_temp.replace('a724', '{"content": "y"}')).valid_from, now() + interval '1 s',
          'nothing begins before what it replaces, whichever transaction was first');

select throws_ok($$ select pg_temp.replace('a721', '{"content": "y"}') $$, 'KC004',
                 format('It was replaced before, by %s', (select n.id from next n)), 'once');
select throws_ok($$ select api.replace_memory('019e0000-0000-7000-8000-00000001a701', n.id, 'y', p_version => 7) from next n $$,
                 'KC002', 'The version is 1 by now, not 7', 'changed meanwhile');
select throws_ok($$ select api.replace_memory('019e0000-0000-7000-8000-00000001a701', n.id, null) from next n $$,
                 'VL003', 'content is required', 'no text');
select throws_ok($$ select api.replace_memory('019e0000-0000-7000-8000-00000001a701', n.id, 'y', p_valid_from => '2020-01-01')
                      from next n $$,
                 'VL001', 'valid_from must not be before that of the memory it replaces', 'a beginning before the beginning');
select throws_ok($$ select api.replace_memory('019e0000-0000-7000-8000-00000001a701', n.id, 'y', p_qdrant_collection => 'notes',
                                              p_qdrant_point_id => '2') from next n $$,
                 'KC001', 'Another memory refers to this point', 'a point that is taken');
select throws_ok($$ select pg_temp.replace('a723', '{"content": "y"}') $$, 'NF001', 'There is no such memory', 'expired');
select throws_ok($$ select api.replace_memory('019e0000-0000-7000-8000-00000001a702', '019e0000-0000-7000-8000-00000001a721',
                                              'y') $$,
                 'NF001', 'There is no such memory', 'another user''s, in the same words');

create temp table old as select o.id from api.create_memory('019e0000-0000-7000-8000-00000001a701', 'old') o;
select is(m.content, 'new', 'the new one with its vector')
  from old o
 cross join lateral api.replace_memory('019e0000-0000-7000-8000-00000001a701', o.id, 'new', p_embedding => '[1,2]',
                                       p_model => 'tap_replace_memory') m;
select results_eq(
  $$ select e.content, e.embedding::text
       from old o
       join memory.semantic_memories m on m.supersedes = o.id
      cross join lateral api.list_embeddings('019e0000-0000-7000-8000-00000001a701', p_model => 'tap_replace_memory',
                                             p_memory_id => m.id, p_with_embedding => true) e $$,
  $$ values ('new', '{1,2}') $$, 'which hangs on it');
reset session authorization;
select is((select count(*) from memory.semantic_memories m where m.supersedes = (select n.id from next n)), 0::bigint,
          'what was refused left nothing');

-- Whoever writes: one successor at most.
select throws_ok($$ insert into memory.semantic_memories (user_id, content, supersedes)
                    values ('019e0000-0000-7000-8000-00000001a701', 'z', '019e0000-0000-7000-8000-00000001a721') $$,
                 '23505', null, 'the table holds to it');

set session authorization plinth_web;
select throws_ok($$ select api.replace_memory('019e0000-0000-7000-8000-00000001a701', '019e0000-0000-7000-8000-00000001a721',
                                              'x') $$,
                 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.replace_memory('019e0000-0000-7000-8000-00000001a701', '019e0000-0000-7000-8000-00000001a721',
                                              'x') $$,
                 '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
