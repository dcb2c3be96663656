-- api.get_quotas: limits, and what was used of each.
begin;
select plan(14);

select is(pg_get_function_arguments('api.get_quotas'::regproc),
  'p_user_id uuid, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.get_quotas'::regproc),
  'TABLE(scope text, unit text, period text, quota bigint, used bigint, remaining bigint, reset integer, '
  'cursor text)', 'result');
select volatility_is('api', 'get_quotas', array['uuid', 'text', 'integer'], 'stable');
select is_definer('api', 'get_quotas', array['uuid', 'text', 'integer']);
select function_owner_is('api', 'get_quotas', array['uuid', 'text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.get_quotas'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_quotas'::regproc;

\set anna 019e0000-0000-7000-8000-000000011a61
\set ben 019e0000-0000-7000-8000-000000011a62
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_gq_anna', 'tap_gq_anna@example.org', 'free'), (:'ben', 'tap_gq_ben', 'tap_gq_ben@example.org', 'pro');

select set_config('plinth.limits', '5,20,0,100', true);
insert into ops.route_limits (route, requests_per_hour) values ('GET /v1/tap', 3), ('GET /v1/tap-2', 3);
insert into ops.rate_limit_tracking (subject, user_id, requests_hour)
values ('route:user:' || :'anna' || ':GET /v1/tap', :'anna',
        core.window_plus(core.window_at(null, 60, extract(epoch from now())::bigint), 1));
select is((select count(*) from api.increment_rate_limit(:'anna', 2, 30)), 1::bigint, 'something is used');
set session authorization plinth_web;
select throws_ok(format('select api.get_quotas(%L)', :'anna'), 'UN001', null, 'nobody is signed in');
select set_config('plinth.caller', :'anna', true);
select throws_ok(format('select api.get_quotas(%L)', :'ben'), 'NP001', null, 'somebody else');
select results_eq(
  format('select q.scope, q.unit, q.period, q.quota, q.used, q.remaining, q.cursor from api.get_quotas(%L) q', :'anna'),
  $$ values ('user', 'requests', 'minute', 5::bigint, 2::bigint, 3::bigint, '1'), ('user', 'requests', 'hour', 20, 2, 18, '2'),
            ('user', 'tokens', 'day', 100, 30, 70, '3'), ('GET /v1/tap', 'requests', 'hour', 3, 1, 2, '4') $$,
  'the account''s, and those of routes that were used');
select results_eq(format($$ select q.cursor from api.get_quotas(%L, '1', 2) q $$, :'anna'), array['2', '3'], 'page by page');
select throws_ok(format($$ select api.get_quotas(%L, 'x') $$, :'anna'), 'VL001', null, 'a place that is none');
reset session authorization;
select set_config('plinth.limits', '0,0,0,0', true);
set session authorization plinth_web;
select is_empty(format('select api.get_quotas(%L)', :'anna'), 'without limits there are none');
reset session authorization;

select * from finish();
rollback;
