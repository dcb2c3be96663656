-- api.update_memory: corrections: what is named changes, the rest stays.
begin;
select plan(34);

-- First of all, and waiting as long as it takes: two files that hold some tables already would wait for each other.
update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
lock table auth.users, chat.messages, memory.semantic_memories in share row exclusive mode;
select lives_ok($$ select api.create_embedding_model('tap_update_memory', 2) $$, 'a model');

select is(pg_get_function_arguments('api.update_memory'::regproc),
  'p_user_id uuid, p_memory_id uuid, p_content text DEFAULT NULL::text, p_kind text DEFAULT NULL::text, '
  'p_importance double precision DEFAULT NULL::double precision, p_metadata jsonb DEFAULT NULL::jsonb, '
  'p_expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_qdrant_collection text DEFAULT NULL::text, p_qdrant_point_id text DEFAULT NULL::text, '
  'p_version integer DEFAULT NULL::integer, p_embedding ext.vector DEFAULT NULL::ext.vector, '
  'p_model text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.update_memory'::regproc),
  'SETOF core.memory_details', 'result');
select is(p.provolatile::text, 'v', 'volatile') from pg_proc p where p.oid = 'api.update_memory'::regproc;
select is(p.prosecdef, true, 'definer') from pg_proc p where p.oid = 'api.update_memory'::regproc;
select is(p.proowner::regrole::text, 'plinth_owner', 'owner') from pg_proc p
 where p.oid = 'api.update_memory'::regproc;
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'api.update_memory'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.update_memory'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001a601', 'tap_update_memory_anna', 'tap_update_memory_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001a602', 'tap_update_memory_ben', 'tap_update_memory_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  ('019e0000-0000-7000-8000-00000001a601', '019e0000-0000-7000-8000-00000001a611', 'deleted');
insert into memory.semantic_memories
  (user_id, id, content, conversation_id, metadata, expires_at, qdrant_collection, qdrant_point_id)
values
  ('019e0000-0000-7000-8000-00000001a601', '019e0000-0000-7000-8000-00000001a621', 'Lives in Bon', null, '{"a": 1}',
   '2999-01-01', 'notes', '1'),
  ('019e0000-0000-7000-8000-00000001a601', '019e0000-0000-7000-8000-00000001a622', 'x', null, '{}', null, 'notes', '2'),
  ('019e0000-0000-7000-8000-00000001a601', '019e0000-0000-7000-8000-00000001a623', 'x', null, '{}', now(), null, null),
  ('019e0000-0000-7000-8000-00000001a601', '019e0000-0000-7000-8000-00000001a624', 'x',
   '019e0000-0000-7000-8000-00000001a611', '{}', null, null, null);

create function pg_temp.change(p_id text, p_fields jsonb) returns core.memory_details language sql volatile as $$
  select m from jsonb_to_record(p_fields) as f (content text, kind text, importance double precision, metadata jsonb,
           expires_at timestamptz, qdrant_collection text, qdrant_point_id text, version integer)
   cross join lateral api.update_memory('019e0000-0000-7000-8000-00000001a601', ('019e0000-0000-7000-8000-00000001' || p_id)::uuid,
           f.content, f.kind, f.importance, f.metadata, f.expires_at, f.qdrant_collection, f.qdrant_point_id, f.version) m
$$;

set session authorization plinth_operator;
select results_eq(
  $$ select m.content, m.kind, m.importance, m.metadata, m.expires_at, m.qdrant_point_id, m.version
       from pg_temp.change('a621', '{"content": "Lives in Bonn", "version": 1}') m $$,
  $$ values ('Lives in Bonn', 'fact', 0.5::double precision, '{"a": 1}'::jsonb, timestamptz '2999-01-01', '1', 2) $$,
  'what is not named stays');
select results_eq(
  $$ select m.content, m.kind, m.importance, m.metadata, m.expires_at, m.qdrant_collection, m.qdrant_point_id, m.version
       from pg_temp.change('a621', '{"kind": "home", "importance": 0, "metadata": {"b": 2}, "expires_at": "infinity",
                                     "qdrant_collection": ""}') m $$,
  $$ values ('Lives in Bonn', 'home', 0::double precision, '{"b": 2}'::jsonb, null::timestamptz, null::text, null::text, 3) $$,
  'metadata take the place of others; what ends never, and leads to no point');
select is((pg_temp.change('a621', '{"qdrant_collection": "other", "qdrant_point_id": "7"}')).qdrant_point_id, '7', 'another point');
select is((api.update_memory('019e0000-0000-7000-8000-00000001a601', '019e0000-0000-7000-8000-00000001a621',
                             p_importance => '-0')).importance::text, '0', 'zero has no sign');
select is((pg_temp.change('a621', '{}')).version, 4, 'nothing changed, no version');

select throws_ok($$ select pg_temp.change('a621', '{"importance": 2}') $$, 'VL001', 'importance must be from 0.000001 to 1, or 0',
                 'the rules are those of core.check_memory');
select throws_ok($$ select pg_temp.change('a621', '{"content": ""}') $$, 'VL001', 'content must have 1 to 10,000 characters',
                 'an empty text');
select throws_ok($$ select pg_temp.change('a621', '{"qdrant_collection": "notes", "qdrant_point_id": "2"}') $$,
                 'KC001', 'Another memory refers to this point', 'a point that is taken');
select throws_ok($$ select pg_temp.change('a621', '{"content": "x", "version": 3}') $$,
                 'KC002', 'The version is 4 by now, not 3', 'changed meanwhile');
select throws_ok($$ select pg_temp.change('a623', '{"content": "y"}') $$, 'NF001', 'There is no such memory', 'expired');
select throws_ok($$ select pg_temp.change('a624', '{"content": "y"}') $$, 'NF001', 'There is no such memory',
                 'of a deleted conversation');
select throws_ok($$ select api.update_memory('019e0000-0000-7000-8000-00000001a602', '019e0000-0000-7000-8000-00000001a621',
                                             'y') $$,
                 'NF001', 'There is no such memory', 'another user''s, in the same words');

-- What was corrected is not what its vectors say.
create function pg_temp.vectors() returns text[] language sql volatile as $$
  select array_agg(concat_ws(' ', e.content, e.embedding) order by e.content)
    from api.list_embeddings('019e0000-0000-7000-8000-00000001a601', p_model => 'tap_update_memory',
                             p_with_embedding => true) e
$$;
create function pg_temp.say(p_content text, p_embedding ext.vector, p_model text default 'tap_update_memory') returns text
language sql volatile
as $$
  select m.content from api.update_memory('019e0000-0000-7000-8000-00000001a601', '019e0000-0000-7000-8000-00000001a622',
                                          p_content, p_embedding => p_embedding, p_model => p_model) m
$$;
select is(pg_temp.say(null, '[1,0]'), 'x', 'a vector of what is there');
select is(pg_temp.vectors(), '{"x {1,0}"}', 'is kept');
select is(pg_temp.say(null, '[0,1]'), 'x', 'another');
select is(pg_temp.vectors(), '{"x {0,1}"}', 'takes its place');
select is(pg_temp.say('z', '[1,1]'), 'z', 'another text with its vector');
select is(pg_temp.vectors(), '{"z {1,1}"}', 'that of the former text is gone');
select is(pg_temp.say('zz', null, null), 'zz', 'another text without one');
select is(pg_temp.vectors(), null, 'has none');
select throws_ok($$ select pg_temp.say(null, '[1,2,3]') $$, 'VL001',
                 'embedding must have 2 numbers, as tap_update_memory makes them, not 3', 'a vector of another length');
reset session authorization;
update memory.embedding_models m set state = 'retired', is_default = false;
set session authorization plinth_operator;
select throws_ok($$ select pg_temp.say(null, '[1,2]') $$, 'KC004',
                 'The model tap_update_memory is retired: nothing is added to it', 'a model that is retired');
select throws_ok($$ select pg_temp.say(null, '[1,2]', null) $$, 'VL003', 'Name a model: there is no default',
                 'none named, no default');
reset session authorization;

-- The trail knows that the text changed, and not what it was.
select results_eq(
  $$ select l.action, d.difference -> 'content', d.difference -> 'kind'
       from ops.audit_logs l join ops.audit_details d on d.audit_id = l.id
      where l.user_id = '019e0000-0000-7000-8000-00000001a601' and l.entity_type = 'memory.semantic_memories'
      order by l.id limit 2 $$,
  $$ values ('update', '{}'::jsonb, null::jsonb), ('update', null, '{"before": "fact", "after": "home"}') $$,
  'a change is in the trail, without the words');

set session authorization plinth_web;
select throws_ok($$ select api.update_memory('019e0000-0000-7000-8000-00000001a601', '019e0000-0000-7000-8000-00000001a621') $$,
                 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.update_memory('019e0000-0000-7000-8000-00000001a601', '019e0000-0000-7000-8000-00000001a621') $$,
                 '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
