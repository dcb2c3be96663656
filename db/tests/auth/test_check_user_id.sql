-- core.check_user_id: which ids an account may have; and the table's own check of the same.
begin;
select plan(14);

select is(pg_get_function_arguments('core.check_user_id'::regproc), 'p_id uuid', 'arguments');
select is(pg_get_function_result('core.check_user_id'::regproc), 'void', 'result');
select volatility_is('core', 'check_user_id', array['uuid'], 'immutable');
select isnt_definer('core', 'check_user_id', array['uuid']);
select function_owner_is('core', 'check_user_id', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.check_user_id'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.check_user_id'::regproc;

select throws_ok(format('select core.check_user_id(%L)', i.id), 'VL001', 'id must be a UUID other than nil and max', i.name)
  from (values ('00000000-0000-0000-0000-000000000000', 'nil'), ('FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', 'max')) i (id, name);
select lives_ok(format('select core.check_user_id(%L)', i.id), i.name)
  from (values ('019e0000-0000-7000-8000-00000000fc01', 'version 7'), ('9b2f6c1e-52a1-4d8e-a3b5-3a1f6e0b7c11', 'version 4'),
               (null, 'none: it is made here')) i (id, name);
select throws_ok(
  format($$ insert into auth.users (id, username, email) values (%L, 'tap_nobody', 'tap_nobody@example.org') $$, i.id),
  '23514', null, 'the table refuses ' || i.name)
  from (values ('00000000-0000-0000-0000-000000000000', 'nil'), ('ffffffff-ffff-ffff-ffff-ffffffffffff', 'max')) i (id, name);

select * from finish();
rollback;
