-- api.increment_rate_limit: counts what fits, else nothing.
begin;
select plan(30);

select is(pg_get_function_arguments('api.increment_rate_limit'::regproc),
  'p_user_id uuid, p_requests integer DEFAULT 1, p_tokens bigint DEFAULT 0', 'arguments');
select is(pg_get_function_result('api.increment_rate_limit'::regproc),
  'TABLE(allowed boolean, scope text, unit text, period text, quota bigint, remaining bigint, reset '
  'integer, retry_after integer, windows jsonb)', 'result');
select volatility_is('api', 'increment_rate_limit', array['uuid', 'integer', 'bigint'], 'volatile');
select is_definer('api', 'increment_rate_limit', array['uuid', 'integer', 'bigint']);
select function_owner_is('api', 'increment_rate_limit', array['uuid', 'integer', 'bigint'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.increment_rate_limit'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.increment_rate_limit'::regproc;

\set anna 019e0000-0000-7000-8000-000000011a51
\set ben 019e0000-0000-7000-8000-000000011a52
insert into auth.users (id, username, email, tier) values
  (:'anna', 'tap_irl_anna', 'tap_irl_anna@example.org', 'free'), (:'ben', 'tap_irl_ben', 'tap_irl_ben@example.org', 'pro');

\set key 019e0000-0000-7000-8000-000000011a5a
insert into auth.api_keys (user_id, id, name, prefix, secret_hash, scopes, limits) values
  (:'anna', :'key', 'k', 'plk_0000', sha256('irl'), '{*}', '{"tokens_per_day": 8}');
select set_config('plinth.limits', '5,20,0,100', true);
set session authorization plinth_operator;
create function pg_temp.used(p_user uuid) returns bigint[] language sql as $$
  select array(select q.used from api.get_quotas(p_user) q)
$$;
select is((select concat_ws(' ', c.allowed, c.unit, c.period, c.quota, c.remaining, c.retry_after)
             from api.increment_rate_limit(:'anna', 2, 30) c), 't requests minute 5 3 0', 'it fits; what is left');
select is((select concat_ws(' ', c.allowed, c.unit, c.period, c.quota, c.remaining, c.retry_after)
             from api.increment_rate_limit(:'anna', 0, 30) c), 't tokens day 100 40 0', 'tokens alone');
select is(pg_temp.used(:'anna'), '{2,2,60}', 'it is counted');
select throws_ok(format('select api.increment_rate_limit(%L, 4)', :'anna'), 'RL001', null, 'more than there is');
select throws_ok(format('select api.increment_rate_limit(%L, 1, 41)', :'anna'), 'RL001', null, 'more tokens than there are');
select is(pg_temp.used(:'anna'), '{2,2,60}', 'then nothing is counted, of neither');
select lives_ok(format('select api.increment_rate_limit(%L, 3, 40)', :'anna'), 'all there is');
select is(pg_temp.used(:'anna'), '{5,5,100}', 'to the unit');
select throws_ok(format('select api.increment_rate_limit(%L, 0, 1)', :'anna'), 'RL001', null, 'and no unit more');
select is(pg_temp.used(:'ben'), '{0,0,0}', 'nobody else is concerned');
select is((select concat_ws(' ', c.unit, c.quota, c.remaining) from api.increment_rate_limit(:'ben', 1, 999) c), 'tokens 1000 1',
          'the one of which least is left');
select is((select concat_ws(' ', c.unit, c.quota, c.remaining) from api.increment_rate_limit(:'ben', 1) c), 'requests 50 48',
          'tokens, only if it asks for some');
select throws_ok(format('select api.increment_rate_limit(%L, 1, -1)', :'anna'), 'VL001', null, 'fewer than none');
select throws_ok(format('select api.increment_rate_limit(%L, 6)', :'anna'), 'VL001',
  'This is more than the limit of 5 requests a minute of your account, so it can never fit', 'more than will ever fit');
select throws_ok(format('select api.increment_rate_limit(%L, 0, 101)', :'anna'), 'VL001',
  'This is more than the limit of 100 tokens a day of your account, so it can never fit', 'nor tokens');
select throws_ok(format('select api.increment_rate_limit(%L, null)', :'anna'), 'VL001', null, 'NULL');
set session authorization plinth_web;
select throws_ok(format('select api.increment_rate_limit(%L)', :'anna'), 'UN001', null, 'nobody is signed in');
select set_config('plinth.caller', :'anna', true);
select throws_ok(format('select api.increment_rate_limit(%L)', :'ben'), 'NP001', null, 'somebody else');
select is_empty(format('select from api.increment_rate_limit(%L)', :'anna'), 'in a request the refusal is kept');
select is(current_setting('plinth.failure')::jsonb ->> 'code', 'RL001', 'for http.leave');
reset session authorization;
select is((current_setting('plinth.failure')::jsonb ->> 'retry_after')::integer between 55 and 62, true, 'with the time to wait');
insert into ops.user_quotas (user_id, requests_per_minute, requests_per_hour, requests_per_day, tokens_per_day)
values (:'anna', 0, 0, 0, 0);
select set_config('plinth.context', concat_ws(E'\x1f', 's', 'r', '192.0.2.1', 'a', :'key'), true);
set session authorization plinth_web;
select lives_ok(format('select from api.increment_rate_limit(%L, 9, 8)', :'anna'), 'a key''s own limit');
select is(array(select q.scope || q.used from api.get_quotas(:'anna') q), '{key8}', 'counts for the key');
reset session authorization;

select * from finish();
rollback;
