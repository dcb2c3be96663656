-- api.delete_role: removes a role that nobody has.
begin;
select plan(15);

select is(pg_get_function_arguments('api.delete_role'::regproc), 'p_name text', 'arguments');
select is(pg_get_function_result('api.delete_role'::regproc), 'void', 'result');
select volatility_is('api', 'delete_role', array['text'], 'volatile');
select is_definer('api', 'delete_role', array['text']);
select function_owner_is('api', 'delete_role', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.delete_role'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.delete_role'::regproc;

\set anna 019e0000-0000-7000-8000-00000000ba61
insert into auth.users (id, username, email) values (:'anna', 'tap_drole_anna', 'tap_drole_anna@example.org');
insert into auth.roles (name, description, permissions) values
  ('tap_drole_boss', 'planted', '["roles:write"]'), ('tap_drole_free', 'planted', '["roles:write"]'),
  ('tap_drole_more', 'planted', '["users:read"]'), ('tap_drole_none', 'planted', '[]');

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select throws_ok($$ select api.delete_role('tap_drole_free') $$, 'NP001', null, 'not for everybody');
select throws_ok($$ select api.delete_role('tap_drole_none') $$, 'NP001', 'This needs the permission roles:write',
                 'not even a role that permits nothing');
reset session authorization;
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_drole_boss');
set session authorization plinth_web;
select lives_ok($$ select api.delete_role('tap_drole_free') $$, 'a role nobody has');
select throws_ok($$ select api.delete_role('tap_drole_free') $$, 'NF001', 'There is no role tap_drole_free', 'it is gone');
select throws_ok($$ select api.delete_role('tap_drole_boss') $$, 'KC007', 'Somebody has the role tap_drole_boss',
                 'one that somebody has');
select throws_ok($$ select api.delete_role('tap_drole_more') $$, 'NP001', 'This needs the permission users:read',
                 'one that permits what the caller may not');
select throws_ok($$ select api.delete_role('user') $$, 'NP001', 'The role user is built in and stays', 'a built-in one');
select throws_ok($$ select api.delete_role(null) $$, 'NF001', null, 'no name');
reset session authorization;

select * from finish();
rollback;
