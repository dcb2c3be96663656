-- api.delete_memory: a fact goes with its past, and the answer says what went.
begin;
select plan(16);

select is(pg_get_function_arguments('api.delete_memory'::regproc),
  'p_user_id uuid, p_memory_id uuid', 'arguments');
select is(pg_get_function_result('api.delete_memory'::regproc),
  'TABLE(deleted integer, superseded integer, embeddings integer, qdrant_points jsonb)', 'result');
select volatility_is('api', 'delete_memory', array['uuid', 'uuid'], 'volatile');
select is_definer('api', 'delete_memory', array['uuid', 'uuid']);
select function_owner_is('api', 'delete_memory', array['uuid', 'uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'api.delete_memory'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.delete_memory'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001a901', 'tap_delete_memory_anna', 'tap_delete_memory_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001a902', 'tap_delete_memory_ben', 'tap_delete_memory_ben@example.org');
insert into memory.semantic_memories (user_id, id, content, supersedes, expires_at, qdrant_collection, qdrant_point_id)
select '019e0000-0000-7000-8000-00000001a901', ('019e0000-0000-7000-8000-00000001' || m.id)::uuid, 'secret words',
       ('019e0000-0000-7000-8000-00000001' || m.supersedes)::uuid, m.expires_at, m.collection, m.point
  from (values ('a921', null, null, null, null), ('a922', 'a921', null, 'notes', '2'), ('a923', 'a922', null, 'notes', '3'),
               ('a924', 'a923', null::timestamptz, null, null), ('a925', null, now(), null, null))
       as m (id, supersedes, expires_at, collection, point);

set session authorization plinth_operator;
select throws_ok($$ select api.delete_memory('019e0000-0000-7000-8000-00000001a902', '019e0000-0000-7000-8000-00000001a923') $$,
                 'NF001', 'There is no such memory', 'another user''s');
select throws_ok($$ select api.delete_memory('019e0000-0000-7000-8000-00000001a901', '019e0000-0000-7000-8000-00000001a925') $$,
                 'NF001', 'There is no such memory', 'an expired one, in the same words');
select results_eq(
  $$ select d.deleted, d.superseded, d.embeddings,
            (select jsonb_agg(p order by p ->> 'point_id') from jsonb_array_elements(d.qdrant_points) p)
       from api.delete_memory('019e0000-0000-7000-8000-00000001a901', '019e0000-0000-7000-8000-00000001a923') d $$,
  $$ values (1, 2, 0, '[{"point_id": "2", "collection": "notes"}, {"point_id": "3", "collection": "notes"}]'::jsonb) $$,
  'it goes with what it took the place of');
select throws_ok($$ select api.delete_memory('019e0000-0000-7000-8000-00000001a901', '019e0000-0000-7000-8000-00000001a923') $$,
                 'NF001', 'There is no such memory', 'once');
select results_eq(
  $$ select g.supersedes, g.history from api.get_memory('019e0000-0000-7000-8000-00000001a901',
                                                        '019e0000-0000-7000-8000-00000001a924') g $$,
  $$ values (null::uuid, '[]'::jsonb) $$, 'what took its place stays, without a past');
reset session authorization;
select results_eq(
  $$ select l.action, count(*) from ops.audit_logs l
      where l.user_id = '019e0000-0000-7000-8000-00000001a901' and l.entity_type = 'memory.semantic_memories'
        and l.action = 'delete' group by l.action $$,
  $$ values ('delete', 3::bigint) $$, 'the trail knows');
select is_empty(
  $$ select from ops.audit_details d where d.user_id = '019e0000-0000-7000-8000-00000001a901'
        and d.difference::text like '%secret words%' $$, 'and not what was forgotten');

set session authorization plinth_web;
select throws_ok($$ select api.delete_memory('019e0000-0000-7000-8000-00000001a901', '019e0000-0000-7000-8000-00000001a924') $$,
                 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.delete_memory('019e0000-0000-7000-8000-00000001a901', '019e0000-0000-7000-8000-00000001a924') $$,
                 '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
