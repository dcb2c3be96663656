-- api.export_account: everything that is held of one account, for an administrator.
begin;
select plan(16);

select is(pg_get_function_arguments('api.export_account'::regproc),
  'p_id uuid', 'arguments');
select is(pg_get_function_result('api.export_account'::regproc),
  'TABLE(user_id uuid, exported_at timestamp with time zone, tables json)', 'result');
select volatility_is('api', 'export_account', array['uuid'], 'volatile');
select is_definer('api', 'export_account', array['uuid']);
select function_owner_is('api', 'export_account', array['uuid'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.export_account'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.export_account'::regproc;

insert into auth.roles (name, description, permissions) values ('tap_hand_support', 'Tests', '["users:read", "users:write"]');
insert into auth.users (id, username, email, status) values
  ('019e0000-0000-7000-8000-00000000fc01', 'tap_hand_admin', 'tap_hand_admin@example.org', 'active'),
  ('019e0000-0000-7000-8000-00000000fc02', 'tap_hand_anna', 'tap_hand_anna@example.org', 'active'),
  ('019e0000-0000-7000-8000-00000000fc03', 'tap_hand_gone', 'tap_hand_gone@example.org', 'erased'),
  ('019e0000-0000-7000-8000-00000000fc04', 'tap_hand_support', 'tap_hand_support@example.org', 'active');
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000fc01', 'administrator'), ('019e0000-0000-7000-8000-00000000fc04', 'tap_hand_support');
set session authorization plinth_web;
select throws_ok($$ select api.export_account('019e0000-0000-7000-8000-00000000fc02') $$, 'UN001', null, 'nobody is signed in');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000fc04', true);
select throws_ok($$ select api.export_account('019e0000-0000-7000-8000-00000000fc02') $$, 'NP001',
                 'This needs the permission users:export', 'who sees accounts does not see what is in them');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000fc01', true);
select results_eq(
  $$ select e.user_id, e.tables::jsonb #>> '{auth.users,0,username}', e.tables::text ~ 'tap_hand_admin'
       from api.export_account('019e0000-0000-7000-8000-00000000fc02') e $$,
  $$ values (uuid '019e0000-0000-7000-8000-00000000fc02', 'tap_hand_anna', false) $$, 'of that account, and of no other');
select is(current_setting('plinth.caller'), '019e0000-0000-7000-8000-00000000fc01', 'afterwards the caller is who it was');
select throws_ok($$ select api.export_account('019e0000-0000-7000-8000-00000000fc03') $$, 'NF001', null, 'an erased account');
select throws_ok($$ select api.export_account(null) $$, 'NF001', null, 'nobody');
reset session authorization;
select results_eq(
  $$ select l.actor_id from ops.audit_logs l where l.action = 'user.exported'
    and l.user_id = '019e0000-0000-7000-8000-00000000fc02' $$,
  array['019e0000-0000-7000-8000-00000000fc01'::uuid], 'who looked is on record');

select base.set_setting('account.export_bytes', '0');
set session authorization plinth_web;
select throws_ok($$ select api.export_account('019e0000-0000-7000-8000-00000000fc02') $$, 'KC010', null,
                 'too much for one document');
select is(current_setting('plinth.caller'), '019e0000-0000-7000-8000-00000000fc01', 'which leaves the caller who it was');
reset session authorization;

select * from finish();
rollback;
