-- api.list_roles: the roles there are, by name.
begin;
select plan(13);

select is(pg_get_function_arguments('api.list_roles'::regproc),
  'p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_roles'::regproc),
  'TABLE(name text, description text, permissions jsonb, built_in boolean, version integer, created_at '
  'timestamp with time zone, updated_at timestamp with time zone, cursor text)', 'result');
select volatility_is('api', 'list_roles', array['text', 'integer'], 'stable');
select is_definer('api', 'list_roles', array['text', 'integer']);
select function_owner_is('api', 'list_roles', array['text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.list_roles'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_roles'::regproc;

\set anna 019e0000-0000-7000-8000-00000000ba31
insert into auth.users (id, username, email) values (:'anna', 'tap_lroles_anna', 'tap_lroles_anna@example.org');
insert into auth.roles (name, description, permissions) values
  ('tap_lroles_reader', 'planted', '["roles:read"]'), ('tap_lroles_second', 'planted too', '["self:read"]');

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select throws_ok('select api.list_roles()', 'NP001', 'This needs the permission roles:read', 'not for everybody');
reset session authorization;
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_lroles_reader');
set session authorization plinth_web;
select results_eq(
  $$ select l.name, l.description, l.permissions, l.built_in, l.version, l.cursor
       from api.list_roles('tap_lroles', 2) l $$,
  $$ values ('tap_lroles_reader', 'planted', '["roles:read"]'::jsonb, false, 1, 'tap_lroles_reader'),
            ('tap_lroles_second', 'planted too', '["self:read"]', false, 1, 'tap_lroles_second') $$,
  'a page of them, and what each permits');
select results_eq($$ select l.name from api.list_roles('tap_lroles_reader', 1) l $$, array['tap_lroles_second'],
                  'the next page begins behind the cursor');
select results_eq('select l.name from api.list_roles() l where l.built_in order by 1',
                  array['administrator', 'developer', 'readonly', 'user'], 'four are built in');
reset session authorization;
select set_config('plinth.caller', '', true);
set session authorization plinth_web;
select throws_ok('select api.list_roles()', 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
set session authorization plinth_operator;
select isnt_empty('select api.list_roles()', 'an operator sees them');
reset session authorization;

select * from finish();
rollback;
