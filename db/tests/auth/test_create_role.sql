-- api.create_role: makes a role of what its maker holds.
begin;
select plan(20);

select is(pg_get_function_arguments('api.create_role'::regproc),
  'p_name text, p_description text, p_permissions text[] DEFAULT ''{}''::text[]', 'arguments');
select is(pg_get_function_result('api.create_role'::regproc), 'SETOF core.role_details', 'result');
select volatility_is('api', 'create_role', array['text', 'text', 'text[]'], 'volatile');
select is_definer('api', 'create_role', array['text', 'text', 'text[]']);
select function_owner_is('api', 'create_role', array['text', 'text', 'text[]'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.create_role'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.create_role'::regproc;

\set anna 019e0000-0000-7000-8000-00000000ba41
insert into auth.users (id, username, email) values (:'anna', 'tap_crole_anna', 'tap_crole_anna@example.org');
insert into auth.roles (name, description, permissions) values
  ('tap_crole_boss', 'planted', '["roles:write", "users:read"]');

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select throws_ok($$ select api.create_role('tap_crole_new', 'x') $$, 'NP001', 'This needs the permission roles:write',
                 'not for everybody');
reset session authorization;
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_crole_boss');

set session authorization plinth_web;
select results_eq(
  $$ select r.name, r.description, r.permissions, r.built_in, r.version
       from api.create_role('tap_crole_new', ' Sees accounts ', '{users:read}') r $$,
  $$ values ('tap_crole_new', 'Sees accounts', '["users:read"]'::jsonb, false, 1) $$, 'a role');
select is((select r.permissions from api.create_role('tap_crole_empty', 'x') r), '[]', 'one that permits nothing');
select is((select r.permissions from api.create_role('tap_crole_null', 'x', null) r), '[]', 'also when told so');
select throws_ok($$ select api.create_role('tap_crole_more', 'x', '{users:read,users:write}') $$,
                 'NP001', 'This needs the permission users:write', 'nobody hands on what he does not hold');
select throws_ok($$ select api.create_role('tap_crole_star', 'x', '{*}') $$, 'NP001', null, 'a star least of all');
select throws_ok($$ select api.create_role('tap_crole_new', 'x') $$, 'KC001', 'The name is taken', 'a name that is taken');
select throws_ok($$ select api.create_role('Tap', 'x') $$, 'VL001', null, 'a name that is none');
select throws_ok($$ select api.create_role('tap_crole_x', '') $$, 'VL001', null, 'no description');
reset session authorization;
select results_eq(
  $$ select l.action, l.actor_id from ops.audit_logs l
      where l.entity_type = 'auth.roles' and l.entity_id = 'tap_crole_new' $$,
  format($$ values ('insert', %L::uuid) $$, :'anna'), 'it is on record who made it');

select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select throws_ok($$ select api.create_role('tap_crole_typo', 'x', '{users:raed}') $$,
                 'VL001', 'There is no permission users:raed', 'a typo permits nothing and is refused');
select lives_ok($$ select api.create_role('tap_crole_star', 'x', '{*}') $$, 'an operator holds everything');
reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select api.create_role('tap_crole_y', 'x') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;

select * from finish();
rollback;
