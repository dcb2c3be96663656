-- api.restore_user: an administrator takes a deletion back.
begin;
select plan(16);

select is(pg_get_function_arguments('api.restore_user'::regproc),
  'p_id uuid', 'arguments');
select is(pg_get_function_result('api.restore_user'::regproc),
  'SETOF core.user_accounts', 'result');
select volatility_is('api', 'restore_user', array['uuid'], 'volatile');
select is_definer('api', 'restore_user', array['uuid']);
select function_owner_is('api', 'restore_user', array['uuid'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.restore_user'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.restore_user'::regproc;

insert into auth.users (id, username, email, status) values
  ('019e0000-0000-7000-8000-00000000fb01', 'tap_back_admin', 'tap_back_admin@example.org', 'active'),
  ('019e0000-0000-7000-8000-00000000fb02', 'tap_back_anna', 'tap_back_anna@example.org', 'deleted'),
  ('019e0000-0000-7000-8000-00000000fb03', 'tap_back_gone', 'tap_back_gone@example.org', 'erased'),
  ('019e0000-0000-7000-8000-00000000fb04', 'tap_back_support', 'tap_back_support@example.org', 'active');
insert into auth.roles (name, description, permissions) values ('tap_back_support', 'Tests', '["users:write"]');
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000fb01', 'administrator'), ('019e0000-0000-7000-8000-00000000fb02', 'developer'),
  ('019e0000-0000-7000-8000-00000000fb04', 'tap_back_support');
select core.issue_one_time_token('019e0000-0000-7000-8000-00000000fb02', 'account_deleted', '1 day') is null as lost \gset
set session authorization plinth_web;
select throws_ok($$ select api.restore_user('019e0000-0000-7000-8000-00000000fb02') $$, 'UN001', null, 'nobody is signed in');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000fb02', true);
select throws_ok($$ select api.restore_user('019e0000-0000-7000-8000-00000000fb02') $$, 'NP001', null, 'permission missing');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000fb04', true);
select throws_ok($$ select api.restore_user('019e0000-0000-7000-8000-00000000fb02') $$, 'NP001',
                 'The account may do more than you may', 'who may not delete it does not bring it back');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000fb01', true);
select results_eq(
  $$ select u.username, u.status, u.deleted_at, u.erase_after from api.restore_user('019e0000-0000-7000-8000-00000000fb02') u $$,
  $$ values ('tap_back_anna', 'active', null::timestamptz, null::timestamptz) $$, 'it is back');
select throws_ok($$ select api.restore_user('019e0000-0000-7000-8000-00000000fb02') $$, 'KC004', 'The account is not deleted',
                 'it is not deleted any more');
select throws_ok($$ select api.restore_user('019e0000-0000-7000-8000-00000000fb03') $$, 'NF001', null, 'what is erased is gone');
select throws_ok($$ select api.restore_user(null) $$, 'NF001', null, 'nobody');
reset session authorization;
select is((select count(*) from auth.one_time_tokens t where t.user_id = '019e0000-0000-7000-8000-00000000fb02'
             and t.voided_at is null), 0::bigint, 'the link that would have brought it back is void');
select isnt_empty($$ select from ops.audit_logs l where l.action = 'user.restored'
                      and l.user_id = '019e0000-0000-7000-8000-00000000fb02' $$, 'it is on record');

select * from finish();
rollback;
