-- api.set_route_limit: what one caller may use of one route.
begin;
select plan(15);

select is(pg_get_function_arguments('api.set_route_limit'::regproc),
  'p_route text, p_requests_per_minute bigint DEFAULT NULL::bigint, p_requests_per_hour bigint DEFAULT '
  'NULL::bigint, p_requests_per_day bigint DEFAULT NULL::bigint', 'arguments');
select is(pg_get_function_result('api.set_route_limit'::regproc), 'SETOF core.limit_details', 'result');
select volatility_is('api', 'set_route_limit', array['text', 'bigint', 'bigint', 'bigint'], 'volatile');
select is_definer('api', 'set_route_limit', array['text', 'bigint', 'bigint', 'bigint']);
select function_owner_is('api', 'set_route_limit', array['text', 'bigint', 'bigint', 'bigint'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.set_route_limit'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.set_route_limit'::regproc;

\set anna 019e0000-0000-7000-8000-000000011b41
\set ben 019e0000-0000-7000-8000-000000011b42
insert into auth.users (id, username, email) values
  (:'anna', 'tap_srl_anna', 'tap_srl_anna@example.org'), (:'ben', 'tap_srl_ben', 'tap_srl_ben@example.org');
insert into auth.roles (name, description, permissions) values ('tap_srl', 'planted', '["limits:manage"]');
insert into auth.user_roles (user_id, role) values (:'anna', 'tap_srl');

set session authorization plinth_web;
select set_config('plinth.caller', '', true);
select throws_ok($$ select api.set_route_limit('GET /v1/me', 5) $$, 'UN001', null, 'nobody is signed in');
select set_config('plinth.caller', :'ben', true);
select throws_ok($$ select api.set_route_limit('GET /v1/me', 5) $$, 'NP001', 'This needs the permission limits:manage',
  'not for everybody');
reset session authorization;

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select results_eq($$ select l.kind, l.name, l.requests_per_minute, l.requests_per_hour, l.version
                       from api.set_route_limit('GET /v1/me', 5) l $$, $$ values ('route',
                         'GET /v1/me', 5::bigint, null::bigint, 1) $$, 'a route');
select results_eq($$ select l.requests_per_minute, l.requests_per_hour, l.version from api.set_route_limit('GET /v1/me',
                       p_requests_per_hour => 6) l $$, $$ values (null::bigint, 6::bigint, 2) $$, 'all is set anew');
select throws_ok($$ select api.set_route_limit('GET /v1/nonsense', 3) $$, 'NF001',
  'There is no route GET /v1/nonsense', 'no such route');
select throws_ok($$ select api.set_route_limit(null, 3) $$, 'NF001', null, 'NULL is none');
select throws_ok($$ select api.set_route_limit('GET /v1/me', -1) $$, 'VL001', null, 'less than none');
reset session authorization;
select is((core.rate_subjects(null, null, '192.0.2.1', 'GET /v1/me', '{1,2,3,4}')).limits, '{10,20,30,0,0,6,0,0}', 'and it counts');

select * from finish();
rollback;
