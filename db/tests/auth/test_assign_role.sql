-- api.assign_role: an operator gives an account a role.
begin;
select plan(21);

select is(pg_get_function_arguments('api.assign_role'::regproc), 'p_login text, p_role text', 'arguments');
select is(pg_get_function_result('api.assign_role'::regproc), 'void', 'result');
select volatility_is('api', 'assign_role', array['text', 'text'], 'volatile');
select is_definer('api', 'assign_role', array['text', 'text']);
select function_owner_is('api', 'assign_role', array['text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.assign_role'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'api.assign_role'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000a801', 'tap_role_anna', 'tap_role_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000a802', 'tap_role_ben', 'tap_role_ben@example.org');
create temp view given as
select u.username, r.role, r.assigned_by from auth.user_roles r join auth.users u on u.id = r.user_id
 where u.username like 'tap\_role%' order by 1, 2;

set session authorization plinth_operator;
select lives_ok($$ select api.assign_role('Tap_Role_Anna', 'developer') $$, 'by the username, in any case');
select lives_ok($$ select api.assign_role('tap_role_anna@EXAMPLE.org', 'readonly') $$, 'by the address');
select lives_ok($$ select api.assign_role('tap_role_anna', 'developer') $$, 'having it already is no error');
reset session authorization;
select results_eq('select * from given',
  $$ values ('tap_role_anna', 'developer', null::uuid), ('tap_role_anna', 'readonly', null) $$,
  'these, by no user, and to nobody else');
select is((select count(*) from ops.audit_logs l where l.entity_type = 'auth.user_roles'
            and l.user_id = '019e0000-0000-7000-8000-00000000a801'), 2::bigint, 'each is on record');
select isnt_empty(
  $$ select from base.touched_tags t
      where t.xid = pg_current_xact_id() and t.tag = 'profile:019e0000-0000-7000-8000-00000000a801' $$,
  'the cached profile is void');

select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000a801', true);
select lives_ok($$ select api.assign_role('tap_role_ben', 'user') $$, 'where a user acts');
select is((select g.assigned_by from given g where g.username = 'tap_role_ben'), '019e0000-0000-7000-8000-00000000a801',
          'it is told who');

select throws_ok($$ select api.assign_role('tap_role_nobody', 'user') $$,
                 'NF001', 'There is no account tap_role_nobody', 'an unknown login');
select throws_ok($$ select api.assign_role('tap_role_anna', 'emperor') $$,
                 'NF001', 'There is no role emperor', 'an unknown role');
select throws_ok($$ select api.assign_role(null, 'user') $$, 'NF001', null, 'no login');
select throws_ok($$ select api.assign_role('tap_role_anna', null) $$, 'NF001', null, 'no role');

set session authorization plinth_web;
select throws_ok($$ select api.assign_role('tap_role_anna', 'administrator') $$, '42501', null, 'the layer may not');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.assign_role('tap_role_anna', 'administrator') $$, '42501', null, 'nor a reader');
reset session authorization;

select * from finish();
rollback;
