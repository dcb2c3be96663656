-- core.memory_to_change: the memory, locked; what is hidden is not there.
begin;
select plan(14);

select is(pg_get_function_arguments('core.memory_to_change'::regproc),
  'p_user_id uuid, p_memory_id uuid, p_version integer', 'arguments');
select is(pg_get_function_result('core.memory_to_change'::regproc),
  'memory.semantic_memories', 'result');
select volatility_is('core', 'memory_to_change', array['uuid', 'uuid', 'integer'], 'volatile');
select isnt_definer('core', 'memory_to_change', array['uuid', 'uuid', 'integer']);
select function_owner_is('core', 'memory_to_change', array['uuid', 'uuid', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'core.memory_to_change'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.memory_to_change'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001ae01', 'tap_memory_to_change_anna', 'tap_memory_to_change_anna@example.org');
insert into memory.semantic_memories (user_id, id, content, expires_at, version) values
  ('019e0000-0000-7000-8000-00000001ae01', '019e0000-0000-7000-8000-00000001ae21', 'x', null, 3),
  ('019e0000-0000-7000-8000-00000001ae01', '019e0000-0000-7000-8000-00000001ae22', 'y', now(), 1);
create function pg_temp.found(p_user text, p_id text, p_version integer) returns text language sql volatile as $$
  select m.content from core.memory_to_change(('019e0000-0000-7000-8000-00000001' || p_user)::uuid,
                                              ('019e0000-0000-7000-8000-00000001' || p_id)::uuid, p_version) m
$$;
select is(pg_temp.found('ae01', 'ae21', null), 'x', 'any version');
select is(pg_temp.found('ae01', 'ae21', 3), 'x', 'this one');
select throws_ok($$ select pg_temp.found('ae01', 'ae21', 2) $$, 'KC002', 'The version is 3 by now, not 2', 'changed meanwhile');
select throws_ok($$ select pg_temp.found('ae01', 'ae22', null) $$, 'NF001', 'There is no such memory', 'expired');
select throws_ok($$ select pg_temp.found('ae02', 'ae21', null) $$, 'NF001', 'There is no such memory', 'another user''s');
select throws_ok($$ select pg_temp.found('ae01', null, null) $$, 'NF001', 'There is no such memory', 'none');
set session authorization plinth_web;
select throws_ok($$ select core.memory_to_change(null, null, null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
