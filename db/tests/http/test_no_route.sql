-- http.no_route: marks a function as reachable over SQL only, once, with the reason and the file that says so.
begin;
select plan(13);

select is(pg_get_function_arguments('http.no_route'::regproc), 'function text, reason text', 'arguments');
select is(pg_get_function_result('http.no_route'::regproc), 'void', 'result');
select volatility_is('http', 'no_route', array['text', 'text'], 'volatile');
select isnt_definer('http', 'no_route', array['text', 'text']);
select function_owner_is('http', 'no_route', array['text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.no_route'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.no_route'::regproc;

select set_config('plinth.file', '', true);
select http.no_route('api.tap_a', 'of this test');
select set_config('plinth.file', 'db/functions/tap/b.sql', true);
select http.no_route('api.tap_b', 'of that test');
select results_eq($$ select u.* from http.unrouted u where u.function_name like 'api.tap\_%' order by 1 $$,
  $$ values ('api.tap_a', 'of this test', 'psql'), ('api.tap_b', 'of that test', 'db/functions/tap/b.sql') $$,
  'function, reason, file; psql when there is none');
select throws_ok($$ select http.no_route('api.tap_a', 'again') $$, '23505', null, 'once');
select throws_ok($$ select http.no_route('api.tap_c', null) $$, '23502', null, 'a reason is needed');
select throws_ok($$ select http.no_route(null, 'of this test') $$, '23502', null, 'so is a function');

set session authorization plinth_operator;
select throws_ok($$ select http.no_route('api.tap_d', 'x') $$, '42501', null, 'deploys only');
reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select http.no_route('api.tap_d', 'x') $$, '42501', null, 'not the layer');
reset session authorization;

select * from finish();
rollback;
