-- api.list_user_roles: the roles an account has, who assigned each and when.
begin;
select plan(12);

select is(pg_get_function_arguments('api.list_user_roles'::regproc),
  'p_id text, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_user_roles'::regproc),
  'TABLE(role text, description text, permissions jsonb, assigned_by uuid, assigned_at timestamp with '
  'time zone, cursor text)', 'result');
select volatility_is('api', 'list_user_roles', array['text', 'text', 'integer'], 'stable');
select is_definer('api', 'list_user_roles', array['text', 'text', 'integer']);
select function_owner_is('api', 'list_user_roles', array['text', 'text', 'integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.list_user_roles'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_user_roles'::regproc;

\set anna 019e0000-0000-7000-8000-00000000ba81
\set ben 019e0000-0000-7000-8000-00000000ba82
insert into auth.users (id, username, email) values
  (:'anna', 'tap_luroles_anna', 'tap_luroles_anna@example.org'), (:'ben', 'tap_luroles_ben', 'tap_luroles_ben@example.org');
insert into auth.roles (name, description, permissions) values ('tap_luroles_reader', 'planted', '["roles:read"]');
insert into auth.user_roles (user_id, role, assigned_by) values
  (:'anna', 'user', :'ben'), (:'anna', 'readonly', null), (:'ben', 'user', null);

select set_config('plinth.caller', :'ben', true);
set session authorization plinth_web;
select throws_ok($$ select api.list_user_roles('tap_luroles_anna') $$, 'NP001', null, 'not for everybody');
reset session authorization;
insert into auth.user_roles (user_id, role) values (:'ben', 'tap_luroles_reader');
set session authorization plinth_web;
select results_eq(
  $$ select l.role, l.permissions, l.assigned_by, l.assigned_at, l.cursor from api.list_user_roles('tap_luroles_anna') l $$,
  format($$ values ('readonly', '["self:read"]'::jsonb, null::uuid, now(), 'readonly'),
                   ('user', '["self:read", "self:write", "teams:write", "provider_keys:use"]', %L, now(), 'user') $$, :'ben'),
  'roles, permissions, who and when');
select results_eq($$ select l.role from api.list_user_roles('tap_luroles_anna@example.org', 'readonly', 1) l $$,
                  array['user'], 'the next page, by the address');
select throws_ok($$ select api.list_user_roles('tap_luroles_nobody') $$, 'NF001', null, 'an unknown account');
select throws_ok($$ select api.list_user_roles(null) $$, 'NF001', null, 'no account');
reset session authorization;

select * from finish();
rollback;
