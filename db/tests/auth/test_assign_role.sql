-- api.assign_role: an operator or an administrator gives an account a role.
begin;
select plan(23);

select is(pg_get_function_arguments('api.assign_role'::regproc), 'p_id text, p_role text', 'arguments');
select is(pg_get_function_result('api.assign_role'::regproc), 'void', 'result');
select volatility_is('api', 'assign_role', array['text', 'text'], 'volatile');
select is_definer('api', 'assign_role', array['text', 'text']);
select function_owner_is('api', 'assign_role', array['text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.assign_role'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.assign_role'::regproc;

\set anna 019e0000-0000-7000-8000-00000000a801
\set ben 019e0000-0000-7000-8000-00000000a802
insert into auth.users (id, username, email) values
  (:'anna', 'tap_role_anna', 'tap_role_anna@example.org'), (:'ben', 'tap_role_ben', 'tap_role_ben@example.org');
insert into auth.roles (name, description, permissions) values ('tap_role_boss', 'planted', '["roles:write", "self:read"]');
create temp view given as
select u.username, r.role, r.assigned_by from auth.user_roles r join auth.users u on u.id = r.user_id
 where u.username like 'tap\_role%' order by 1, 2;

set session authorization plinth_operator;
select lives_ok($$ select api.assign_role('Tap_Role_Anna', 'developer') $$, 'by the username, in any case');
select lives_ok($$ select api.assign_role('tap_role_anna@EXAMPLE.org', 'readonly') $$, 'by the address');
select lives_ok(format('select api.assign_role(%L, %L)', :'anna', 'developer'), 'by the id; having it already is no error');
reset session authorization;
select results_eq('select * from given',
  $$ values ('tap_role_anna', 'developer', null::uuid), ('tap_role_anna', 'readonly', null) $$,
  'these, by no user, and to nobody else');
select is((select count(*) from ops.audit_logs l where l.entity_type = 'auth.user_roles'
            and l.user_id = '019e0000-0000-7000-8000-00000000a801'), 2::bigint, 'each is on record');
select set_eq('select tag from base.touched_tags t where t.xid = pg_current_xact_id()',
  array['profile:019e0000-0000-7000-8000-00000000a801', 'sessions:019e0000-0000-7000-8000-00000000a801'],
  'the cached profile is void, and whatever else was answered for the user');

select set_config('plinth.caller', :'ben', true);
set session authorization plinth_web;
select throws_ok($$ select api.assign_role('tap_role_ben', 'administrator') $$, 'NP001',
                 'This needs the permission roles:write', 'not everybody, least of all to himself');
reset session authorization;
insert into auth.user_roles (user_id, role) values (:'ben', 'tap_role_boss');
set session authorization plinth_web;
select lives_ok($$ select api.assign_role('tap_role_anna', 'tap_role_boss') $$, 'who may, gives what he holds');
select throws_ok($$ select api.assign_role('tap_role_anna', 'user') $$, 'NP001', 'This needs the permission self:write',
                 'and nothing beyond');
select throws_ok($$ select api.assign_role('tap_role_nobody', 'user') $$,
                 'NF001', 'There is no account tap_role_nobody', 'an unknown login');
select throws_ok($$ select api.assign_role('tap_role_anna', 'emperor') $$,
                 'NF001', 'There is no role emperor', 'an unknown role');
select throws_ok($$ select api.assign_role(null, 'user') $$, 'NF001', null, 'no account');
select throws_ok($$ select api.assign_role('tap_role_anna', null) $$, 'NF001', null, 'no role');
reset session authorization;
select is((select g.assigned_by from given g where g.username = 'tap_role_anna' and g.role = 'tap_role_boss'), :'ben',
          'it is told who');

select set_config('plinth.caller', '', true);
set session authorization plinth_web;
select throws_ok($$ select api.assign_role('tap_role_anna', 'user') $$, 'UN001', 'Nobody is signed in', 'the layer alone may not');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.assign_role('tap_role_anna', 'administrator') $$, '42501', null, 'nor a reader');
reset session authorization;

select * from finish();
rollback;
