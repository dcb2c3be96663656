-- api.unassign_role: takes a role back; an administrator stays.
begin;
select plan(21);

select is(pg_get_function_arguments('api.unassign_role'::regproc), 'p_id text, p_role text', 'arguments');
select is(pg_get_function_result('api.unassign_role'::regproc), 'void', 'result');
select volatility_is('api', 'unassign_role', array['text', 'text'], 'volatile');
select is_definer('api', 'unassign_role', array['text', 'text']);
select function_owner_is('api', 'unassign_role', array['text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.unassign_role'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.unassign_role'::regproc;

\set anna 019e0000-0000-7000-8000-00000000ba71
\set ben 019e0000-0000-7000-8000-00000000ba72
insert into auth.users (id, username, email) values
  (:'anna', 'tap_unrole_anna', 'tap_unrole_anna@example.org'), (:'ben', 'tap_unrole_ben', 'tap_unrole_ben@example.org');
insert into auth.roles (name, description, permissions) values
  ('tap_unrole_boss', 'planted', '["roles:write", "self:read"]');
insert into auth.user_roles (user_id, role) values
  (:'anna', 'administrator'), (:'anna', 'readonly'), (:'ben', 'developer');
-- From here on Anna is the only one.
delete from auth.user_roles r where r.role = 'administrator' and r.user_id <> :'anna';
delete from base.touched_tags;

select set_config('plinth.caller', :'ben', true);
set session authorization plinth_web;
select throws_ok($$ select api.unassign_role('tap_unrole_anna', 'readonly') $$, 'NP001',
                 'This needs the permission roles:write', 'not for everybody');
reset session authorization;
insert into auth.user_roles (user_id, role) values (:'ben', 'tap_unrole_boss');
delete from base.touched_tags;
set session authorization plinth_web;
select lives_ok($$ select api.unassign_role('tap_unrole_anna', 'readonly') $$, 'who may, takes back what he holds');
select lives_ok($$ select api.unassign_role('tap_unrole_anna', 'readonly') $$, 'a role the account has not is no error');
select throws_ok($$ select api.unassign_role('tap_unrole_anna', 'administrator') $$,
                 'NP001', 'This needs the permission *', 'and nothing beyond');
select throws_ok($$ select api.unassign_role('tap_unrole_nobody', 'user') $$, 'NF001', null, 'an unknown account');
select throws_ok($$ select api.unassign_role('tap_unrole_anna', 'emperor') $$, 'NF001', 'There is no role emperor', 'role');
select throws_ok($$ select api.unassign_role(null, null) $$, 'NF001', null, 'nothing named');
reset session authorization;
select set_eq('select tag from base.touched_tags t where t.xid = pg_current_xact_id()',
  array['profile:019e0000-0000-7000-8000-00000000ba71', 'sessions:019e0000-0000-7000-8000-00000000ba71'],
  'what was answered for the user is void');
select results_eq(
  $$ select l.action, l.actor_id from ops.audit_logs l
      where l.entity_type = 'auth.user_roles' and l.user_id = '019e0000-0000-7000-8000-00000000ba71'
      order by l.id desc limit 1 $$,
  format($$ values ('delete', %L::uuid) $$, :'ben'), 'it is on record who did it');

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select throws_ok($$ select api.unassign_role('tap_unrole_anna', 'administrator') $$,
                 'KC003', 'The last administrator stays: appoint another first', 'the last administrator stays');
select lives_ok($$ select api.assign_role('tap_unrole_ben', 'administrator') $$, 'another is appointed');
select lives_ok($$ select api.unassign_role('tap_unrole_anna', 'administrator') $$, 'and the first may go');
select throws_ok($$ select api.assign_role('tap_unrole_anna', 'administrator') $$, 'NP001', null,
                 'with the next call everything is gone');
reset session authorization;

select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select throws_ok($$ select api.unassign_role('tap_unrole_ben', 'administrator') $$, 'KC003', null,
                 'an operator may not take the last one either');
reset session authorization;

select * from finish();
rollback;
