-- api.get_memory: one memory with its past; what is hidden is not there.
begin;
select plan(17);

select is(pg_get_function_arguments('api.get_memory'::regproc),
  'p_user_id uuid, p_memory_id uuid', 'arguments');
select is(pg_get_function_result('api.get_memory'::regproc),
  'TABLE(id uuid, conversation_id uuid, kind text, content text, importance double precision, metadata jsonb, '
  'valid_from timestamp with time zone, valid_to timestamp with time zone, supersedes uuid, superseded_by uuid, '
  'expires_at timestamp with time zone, qdrant_collection text, qdrant_point_id text, recall_count bigint, '
  'last_recalled_at timestamp with time zone, created_at timestamp with time zone, '
  'updated_at timestamp with time zone, version integer, history jsonb)', 'result');
select volatility_is('api', 'get_memory', array['uuid', 'uuid'], 'stable');
select is_definer('api', 'get_memory', array['uuid', 'uuid']);
select function_owner_is('api', 'get_memory', array['uuid', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'api.get_memory'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_memory'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001a401', 'tap_get_memory_anna', 'tap_get_memory_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001a402', 'tap_get_memory_ben', 'tap_get_memory_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  ('019e0000-0000-7000-8000-00000001a401', '019e0000-0000-7000-8000-00000001a411', 'archived'),
  ('019e0000-0000-7000-8000-00000001a401', '019e0000-0000-7000-8000-00000001a412', 'deleted');
insert into memory.semantic_memories
  (user_id, id, content, conversation_id, valid_from, valid_to, supersedes, expires_at)
select '019e0000-0000-7000-8000-00000001a401', ('019e0000-0000-7000-8000-00000001' || m.id)::uuid, m.content,
       ('019e0000-0000-7000-8000-00000001' || m.conversation)::uuid, m.valid_from::timestamptz, m.valid_to::timestamptz,
       ('019e0000-0000-7000-8000-00000001' || m.supersedes)::uuid, m.expires_at
  from (values
    ('a421', 'Lives in Bonn', null, '2019-01-01', '2020-01-01', null, null),
    ('a422', 'Lives in Rome', null, '2020-01-01', '2021-01-01', 'a421', null),
    ('a423', 'Lives in Oslo', null, '2021-01-01', null, 'a422', now() + interval '1 h'),
    ('a424', 'gone', null, '2021-01-01', null, null, now()),
    ('a425', 'here', 'a411', '2021-01-01', null, null, null),
    ('a426', 'not here', 'a412', '2021-01-01', null, null, null))
    as m (id, content, conversation, valid_from, valid_to, supersedes, expires_at);

set session authorization plinth_operator;
select results_eq(
  $$ select m.content, m.supersedes, m.superseded_by, m.valid_to,
            jsonb_path_query_array(m.history, '$[*].content'), m.history -> 1
       from api.get_memory('019e0000-0000-7000-8000-00000001a401', '019e0000-0000-7000-8000-00000001a423') m $$,
  $$ values ('Lives in Oslo', uuid '019e0000-0000-7000-8000-00000001a422', null::uuid, null::timestamptz,
             '["Lives in Rome", "Lives in Bonn"]'::jsonb,
             jsonb_build_object('id', '019e0000-0000-7000-8000-00000001a421', 'content', 'Lives in Bonn', 'importance', 0.5,
               'valid_from', timestamptz '2019-01-01', 'valid_to', timestamptz '2020-01-01')) $$,
  'what is true, and what was, the last first');
select results_eq(
  $$ select m.content, m.superseded_by, m.valid_to, m.history
       from api.get_memory('019e0000-0000-7000-8000-00000001a401', '019e0000-0000-7000-8000-00000001a421') m $$,
  $$ values ('Lives in Bonn', uuid '019e0000-0000-7000-8000-00000001a422', timestamptz '2020-01-01', '[]'::jsonb) $$,
  'the first has no past, and knows what followed');
select is((api.get_memory('019e0000-0000-7000-8000-00000001a401', '019e0000-0000-7000-8000-00000001a425')).content, 'here',
          'a conversation that is archived hides nothing');

select throws_ok($$ select api.get_memory('019e0000-0000-7000-8000-00000001a401', '019e0000-0000-7000-8000-00000001a424') $$,
                 'NF001', 'There is no such memory', 'expired');
select throws_ok($$ select api.get_memory('019e0000-0000-7000-8000-00000001a401', '019e0000-0000-7000-8000-00000001a426') $$,
                 'NF001', 'There is no such memory', 'of a deleted conversation');
select throws_ok($$ select api.get_memory('019e0000-0000-7000-8000-00000001a401', '019e0000-0000-7000-8000-00000001a429') $$,
                 'NF001', 'There is no such memory', 'none at all');
select throws_ok($$ select api.get_memory('019e0000-0000-7000-8000-00000001a402', '019e0000-0000-7000-8000-00000001a423') $$,
                 'NF001', 'There is no such memory', 'another user''s, in the same words');
select throws_ok($$ select api.get_memory('019e0000-0000-7000-8000-00000001a401', null) $$,
                 'NF001', 'There is no such memory', 'null');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.get_memory('019e0000-0000-7000-8000-00000001a401', '019e0000-0000-7000-8000-00000001a423') $$,
                 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.get_memory('019e0000-0000-7000-8000-00000001a401', '019e0000-0000-7000-8000-00000001a423') $$,
                 '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
