-- api.check_rate_limit: whether it would fit; nothing is counted.
begin;
select plan(21);

select is(pg_get_function_arguments('api.check_rate_limit'::regproc),
  'p_user_id uuid, p_requests integer DEFAULT 1, p_tokens bigint DEFAULT 0', 'arguments');
select is(pg_get_function_result('api.check_rate_limit'::regproc),
  'TABLE(allowed boolean, scope text, unit text, period text, quota bigint, remaining bigint, reset '
  'integer, retry_after integer, windows jsonb)', 'result');
select volatility_is('api', 'check_rate_limit', array['uuid', 'integer', 'bigint'], 'stable');
select is_definer('api', 'check_rate_limit', array['uuid', 'integer', 'bigint']);
select function_owner_is('api', 'check_rate_limit', array['uuid', 'integer', 'bigint'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.check_rate_limit'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.check_rate_limit'::regproc;

\set anna 019e0000-0000-7000-8000-000000011a41
\set ben 019e0000-0000-7000-8000-000000011a42
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_crl_anna', 'tap_crl_anna@example.org', 'free'), (:'ben', 'tap_crl_ben', 'tap_crl_ben@example.org', 'pro');

select set_config('plinth.limits', '5,20,0,100', true);
set session authorization plinth_operator;
create function pg_temp.asked(p_user uuid, p_requests integer default 1, p_tokens bigint default 0) returns text language sql as $$
  select concat_ws(' ', c.allowed, c.scope, c.unit, c.period, c.quota, c.remaining, c.reset, c.retry_after)
    from api.check_rate_limit(p_user, p_requests, p_tokens) c
$$;
select is(pg_temp.asked(:'anna'), 't user requests minute 5 4 0 0', 'one request fits');
select is(pg_temp.asked(:'anna', 5), 't user requests minute 5 0 0 0', 'as many as there may be');
select is(pg_temp.asked(:'anna', 6), 'f user requests minute 5 5 0 0', 'one more does not');
select is(pg_temp.asked(:'anna', 0, 101), 'f user tokens day 100 100 0 0', 'nor do so many tokens');
select is(pg_temp.asked(:'ben', 6, 101), 't user requests minute 50 44 0 0', 'another tier has more');
select is(jsonb_path_query_array(c.windows, '$[*].quota'), '[5, 20, 100]', 'all windows with a limit are told')
  from api.check_rate_limit(:'anna') c;
select is((select count(*) from ops.rate_limit_tracking t where t.user_id in (:'anna', :'ben')), 0::bigint, 'nothing is counted');
select lives_ok(format('select from api.increment_rate_limit(%L, 5)', :'anna'), 'used up');
select is((select array[c.allowed, c.retry_after between 55 and 62] from api.check_rate_limit(:'anna') c), '{f,t}',
  'then it says so, and for how long');
select throws_ok(format('select api.check_rate_limit(%L, -1)', :'anna'), 'VL001', null, 'fewer than none');
select throws_ok(format('select api.check_rate_limit(%L, 1, null)', :'anna'), 'VL001', null, 'NULL tokens');
set session authorization plinth_web;
select throws_ok(format('select api.check_rate_limit(%L)', :'anna'), 'UN001', null, 'nobody is signed in');
select set_config('plinth.caller', :'anna', true);
select throws_ok(format('select api.check_rate_limit(%L)', :'ben'), 'NP001', null, 'somebody else');
select is((select c.allowed from api.check_rate_limit(:'anna') c), false, 'oneself');
reset session authorization;

select * from finish();
rollback;
