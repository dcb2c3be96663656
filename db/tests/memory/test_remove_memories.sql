-- core.remove_memories: memories go with their past and their vectors, and are counted.
begin;
select plan(11);

select is(pg_get_function_arguments('core.remove_memories'::regproc),
  'p_user_id uuid, p_ids uuid[]', 'arguments');
select is(pg_get_function_result('core.remove_memories'::regproc),
  'TABLE(deleted integer, superseded integer, embeddings integer, qdrant_points jsonb)', 'result');
select volatility_is('core', 'remove_memories', array['uuid', 'uuid[]'], 'volatile');
select isnt_definer('core', 'remove_memories', array['uuid', 'uuid[]']);
select function_owner_is('core', 'remove_memories', array['uuid', 'uuid[]'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp",plan_cache_mode=force_custom_plan}', 'settings') from pg_proc p
 where p.oid = 'core.remove_memories'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.remove_memories'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001af01', 'tap_remove_memories_anna', 'tap_remove_memories_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001af02', 'tap_remove_memories_ben', 'tap_remove_memories_ben@example.org');
insert into memory.semantic_memories (user_id, id, content, supersedes, qdrant_collection, qdrant_point_id)
select ('019e0000-0000-7000-8000-00000001' || m.who)::uuid, ('019e0000-0000-7000-8000-00000001' || m.id)::uuid, m.id,
       ('019e0000-0000-7000-8000-00000001' || m.supersedes)::uuid, m.collection, m.point
  from (values ('af01', 'af21', null, null, null), ('af01', 'af22', 'af21', 'notes', '2'), ('af01', 'af23', null, null, null),
               ('af01', 'af24', null, null, null), ('af02', 'af25', null, null, null))
       as m (who, id, supersedes, collection, point);
create function pg_temp.ids(variadic p_ids text[]) returns uuid[] language sql as $$
  select array(select ('019e0000-0000-7000-8000-00000001' || i)::uuid from unnest(p_ids) i)
$$;
select results_eq($$ select r.* from core.remove_memories('019e0000-0000-7000-8000-00000001af01',
                                                          pg_temp.ids('af22', 'af23', 'af25', 'af29')) r $$,
                  $$ values (2, 1, 0, '[{"point_id": "2", "collection": "notes"}]'::jsonb) $$,
                  'of one user; with what it took the place of');
select is(array(select m.content from memory.semantic_memories m
                 where m.user_id::text like '019e0000-0000-7000-8000-00000001af0_' order by 1), '{af24,af25}', 'the others stay');
select results_eq($$ select r.* from core.remove_memories('019e0000-0000-7000-8000-00000001af01', '{}') r $$,
                  $$ values (0, 0, 0, '[]'::jsonb) $$, 'nothing');
set session authorization plinth_web;
select throws_ok($$ select core.remove_memories(null, null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
