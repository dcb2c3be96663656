-- api.get_api_usage_stats: what the caller used in a period.
begin;
select plan(12);

select is(pg_get_function_arguments('api.get_api_usage_stats'::regproc),
  'p_user_id uuid, p_from timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_to timestamp with time zone DEFAULT NULL::timestamp with time zone, p_by text DEFAULT ''day''::text, '
  'p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.get_api_usage_stats'::regproc),
  'TABLE(key text, calls bigint, errors bigint, failures bigint, model_uses bigint, tokens_in bigint, tokens_out bigint, '
  'cost numeric, average_ms numeric, p50_ms numeric, p95_ms numeric, slowest_ms numeric, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.get_api_usage_stats'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_api_usage_stats'::regproc;

-- Other tests count in the same rows.
lock table analytics.daily_stats in share row exclusive mode;
delete from ops.api_usage;
delete from ops.usage_events;
delete from analytics.api_metrics;
delete from analytics.daily_users;
delete from analytics.daily_stats;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000a7501', 'tap_u5_anna', 'tap_u5_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000a7502', 'tap_u5_ben', 'tap_u5_ben@example.org');
create function pg_temp.anna() returns uuid language sql as $$ select '019e0000-0000-7000-8000-0000000a7501'::uuid $$;
create function pg_temp.ben() returns uuid language sql as $$ select '019e0000-0000-7000-8000-0000000a7502'::uuid $$;
create function pg_temp.day(p_number integer) returns timestamptz language sql as $$
  select date_trunc('day', now(), 'UTC') + p_number * interval '1 day'
$$;

create function pg_temp.id_at(p_at timestamptz) returns uuid language sql as $$
  select overlay(base.new_id()::text placing left(base.first_id(p_at)::text, 13) from 1)::uuid
$$;

-- Two days of calls of anna: by the hour, with errors; a model; and calls of ben and of nobody.
select core.add_usage(array(
  select row(u.id::uuid, pg_temp.id_at(t.at), t.at, null, u.method, u.route,
             u.status, u.us, 'tap', null, u.model, u.tokens, u.tokens * 2, u.cost)::ops.api_usage
    from (values (pg_temp.anna(), 'GET', '/v1/me', 200::smallint, 2000, '', null::bigint, null::numeric),
                 (pg_temp.anna(), 'GET', '/v1/me', 404, 500, '', null, null),
                 (pg_temp.anna(), 'POST', '/v1/a', 503, 40000, '', null, null),
                 (pg_temp.anna(), 'POST', '/v1/usage', null, null, 'gpt', 10, 0.25),
                 (pg_temp.ben(), 'GET', '/v1/me', 200, 9000, '', null, null),
                 ('00000000-0000-0000-0000-000000000000', '(none)', '(none)', 404, 100, '', null, null))
           u (id, method, route, status, us, model, tokens, cost)
   cross join generate_series(date_trunc('day', now(), 'UTC') - interval '1 day', date_trunc('day', now(),
     'UTC') + interval '23 hours',
                              interval '1 hour') t (at)));

select set_config('plinth.caller', pg_temp.anna()::text, true);
select results_eq($$ select s.calls, s.errors, s.model_uses
  from get_api_usage_stats(pg_temp.anna(), pg_temp.day(-1), pg_temp.day(1)) s $$,
  $$ values (72::bigint, 48::bigint, 24::bigint), (72, 48, 24) $$, 'by day, of the caller alone');
select is((select count(*) from get_api_usage_stats(pg_temp.anna(), pg_temp.day(-1), pg_temp.day(1),
  'hour', null, 10)), 10::bigint,
          'a page');
select throws_ok($$ select get_api_usage_stats(pg_temp.ben()) $$, 'NP001',
                 'A request acts for its own caller only', 'another user''s is not told');
select throws_ok($$ select get_api_usage_stats(pg_temp.anna(), p_by => 'user') $$, 'VL001',
                 'by must be total, hour, day, route, status or model', 'nor by user');
select throws_ok($$ select get_api_usage_stats(pg_temp.anna(), p_from => 'infinity') $$, 'VL001', null, 'no time');
select set_config('plinth.caller', '', true);

set session authorization plinth_operator;
select is((select s.calls from get_api_usage_stats(pg_temp.ben(), pg_temp.day(-1), pg_temp.day(1), 'total') s), 48::bigint,
          'an operator names anybody');
reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select get_api_usage_stats(pg_temp.anna()) $$, 'UN001', 'Nobody is signed in', 'nobody');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select get_api_usage_stats(pg_temp.anna()) $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
