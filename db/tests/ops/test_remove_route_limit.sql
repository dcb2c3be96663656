-- api.remove_route_limit: a route without limits of its own.
begin;
select plan(13);

select is(pg_get_function_arguments('api.remove_route_limit'::regproc), 'p_route text', 'arguments');
select is(pg_get_function_result('api.remove_route_limit'::regproc), 'void', 'result');
select volatility_is('api', 'remove_route_limit', array['text'], 'volatile');
select is_definer('api', 'remove_route_limit', array['text']);
select function_owner_is('api', 'remove_route_limit', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.remove_route_limit'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.remove_route_limit'::regproc;

\set anna 019e0000-0000-7000-8000-000000011b51
\set ben 019e0000-0000-7000-8000-000000011b52
insert into auth.users (id, username, email) values
  (:'anna', 'tap_rrl_anna', 'tap_rrl_anna@example.org'), (:'ben', 'tap_rrl_ben', 'tap_rrl_ben@example.org');
insert into auth.roles (name, description, permissions) values ('tap_rrl', 'planted', '["limits:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_rrl');

insert into ops.route_limits (route, requests_per_minute) values ('GET /v1/me', 5), ('GET /v1/tap', 6);

set session authorization plinth_web;
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.remove_route_limit('GET /v1/me') $$, 'UN001', null, 'nobody is signed in');
select set_config('plinth.caller', :'ben', true);
select throws_ok($$ select api.remove_route_limit('GET /v1/me') $$, 'NP001', 'This needs the permission limits:manage',
  'not for everybody');
reset session authorization;

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select lives_ok($$ select api.remove_route_limit('GET /v1/me') $$, 'who may');
select lives_ok($$ select api.remove_route_limit('GET /v1/me') $$, 'again is no error');
reset session authorization;
select is_empty($$ select from ops.route_limits where route = 'GET /v1/me' $$, 'it is gone');
select isnt_empty($$ select from ops.route_limits where route = 'GET /v1/tap' $$, 'and no other');

select * from finish();
rollback;
