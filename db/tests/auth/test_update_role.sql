-- api.update_role: changes what a role permits, at once for everybody who has it.
begin;
select plan(23);

select is(pg_get_function_arguments('api.update_role'::regproc),
  'p_name text, p_description text DEFAULT NULL::text, p_permissions text[] DEFAULT NULL::text[], '
  'p_version integer DEFAULT NULL::integer', 'arguments');
select is(pg_get_function_result('api.update_role'::regproc), 'SETOF core.role_details', 'result');
select volatility_is('api', 'update_role', array['text', 'text', 'text[]', 'integer'], 'volatile');
select is_definer('api', 'update_role', array['text', 'text', 'text[]', 'integer']);
select function_owner_is('api', 'update_role', array['text', 'text', 'text[]', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.update_role'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.update_role'::regproc;

\set anna 019e0000-0000-7000-8000-00000000ba51
\set ben 019e0000-0000-7000-8000-00000000ba52
insert into auth.users (id, username, email) values
  (:'anna', 'tap_urole_anna', 'tap_urole_anna@example.org'), (:'ben', 'tap_urole_ben', 'tap_urole_ben@example.org');
insert into auth.roles (name, description, permissions) values
  ('tap_urole_boss', 'planted', '["roles:write", "users:read"]'),
  ('tap_urole_helper', 'helps', '["users:read", "self:read"]');
insert into auth.user_roles (user_id, role) values (:'ben', 'tap_urole_helper');

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select throws_ok($$ select api.update_role('tap_urole_helper', 'x') $$, 'NP001', null, 'not for everybody');
reset session authorization;
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_urole_boss');
delete from base.touched_tags;

set session authorization plinth_web;
select results_eq(
  $$ select r.description, r.permissions, r.version from api.update_role('tap_urole_helper', ' Helps more ') r $$,
  $$ values ('Helps more', '["users:read", "self:read"]'::jsonb, 2) $$, 'the description alone');
reset session authorization;
select is_empty('select from base.touched_tags where xid = pg_current_xact_id()', 'changes nobody''s rights');
set session authorization plinth_web;
select results_eq(
  $$ select r.description, r.permissions, r.version
       from api.update_role('tap_urole_helper', p_permissions => '{self:read}', p_version => 2) r $$,
  $$ values ('Helps more', '["self:read"]'::jsonb, 3) $$, 'the permissions alone, of the current version');
reset session authorization;
select results_eq('select tag from base.touched_tags where xid = pg_current_xact_id()', array['all:permissions'],
                  'which voids what was answered for a permission');
select set_config('plinth.caller', :'ben', true);
select throws_ok($$ select core.require_permission('users:read') $$, 'NP001', null, 'and counts at once');
select set_config('plinth.caller', :'anna', true);

set session authorization plinth_web;
select throws_ok($$ select api.update_role('tap_urole_helper', 'x', p_version => 2) $$,
                 'KC002', 'The version is 3 by now, not 2', 'of an old version');
select throws_ok($$ select api.update_role('tap_urole_helper', p_permissions => '{self:read,audit:read}') $$,
                 'NP001', 'This needs the permission audit:read', 'nobody adds what he does not hold');
select throws_ok($$ select api.update_role('tap_urole_helper', p_permissions => '{}') $$,
                 'NP001', 'This needs the permission self:read', 'nor takes it away');
select lives_ok($$ select api.update_role('tap_urole_helper', p_permissions => '{self:read,users:read}') $$,
                'what he does not hold may stay');
select throws_ok($$ select api.update_role('tap_urole_none', 'x') $$, 'NF001', 'There is no role tap_urole_none', 'no such role');
select throws_ok($$ select api.update_role(null, 'x') $$, 'NF001', null, 'no name');
select throws_ok($$ select api.update_role('tap_urole_helper', '') $$, 'VL001', null, 'an empty description');
reset session authorization;

select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select throws_ok($$ select api.update_role('administrator', p_permissions => '{self:read}') $$,
                 'NP001', 'The administrator holds every permission', 'the administrator keeps the star');
select lives_ok($$ select api.update_role('administrator', 'Runs it all', '{*}') $$, 'but may be described anew');
select throws_ok($$ select api.update_role('tap_urole_helper', p_permissions => '{users:raed}') $$,
                 'VL001', 'There is no permission users:raed', 'a typo is refused');
reset session authorization;

select * from finish();
rollback;
