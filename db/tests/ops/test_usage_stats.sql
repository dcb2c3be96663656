-- core.usage_stats: usage in a period, summed by whatever is asked for, with the rights of whoever asks.
begin;
select plan(31);

select is(pg_get_function_arguments('core.usage_stats'::regproc),
  'p_user_id uuid, p_from timestamp with time zone, p_to timestamp with time zone, p_by text, '
  'p_after text, p_limit integer', 'arguments');
select is(pg_get_function_result('core.usage_stats'::regproc),
  'TABLE(key text, calls bigint, errors bigint, failures bigint, model_uses bigint, tokens_in bigint, tokens_out bigint, '
  'cost numeric, average_ms numeric, p50_ms numeric, p95_ms numeric, slowest_ms numeric, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.usage_stats'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner,plinth_system}',
  'who may call it')
  from pg_proc p where p.oid = 'core.usage_stats'::regproc;

-- Other tests count in the same rows.
lock table analytics.daily_stats in share row exclusive mode;
delete from ops.api_usage;
delete from ops.usage_events;
delete from analytics.api_metrics;
delete from analytics.daily_users;
delete from analytics.daily_stats;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000a7401', 'tap_u4_anna', 'tap_u4_anna@example.org'),
  ('019e0000-0000-7000-8000-0000000a7402', 'tap_u4_ben', 'tap_u4_ben@example.org');
create function pg_temp.anna() returns uuid language sql as $$ select '019e0000-0000-7000-8000-0000000a7401'::uuid $$;
create function pg_temp.ben() returns uuid language sql as $$ select '019e0000-0000-7000-8000-0000000a7402'::uuid $$;
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

create function pg_temp.stats(p_by text, p_user uuid default pg_temp.anna())
returns table (key text, calls bigint, errors bigint, failures bigint, model_uses bigint, tokens_in bigint, tokens_out bigint,
               cost numeric)
language sql
as $$
  select s.key, s.calls, s.errors, s.failures, s.model_uses, s.tokens_in, s.tokens_out, s.cost
    from core.usage_stats(p_user, pg_temp.day(-1), pg_temp.day(1), p_by, null, 100) s
$$;

select results_eq($$ select * from pg_temp.stats('total') $$,
  $$ values ('total', 144::bigint, 96::bigint, 48::bigint, 48::bigint, 480::bigint, 960::bigint, 12.00) $$, 'in total');
select results_eq($$ select * from pg_temp.stats('day') $$,
  $$ select to_char(now() at time zone 'UTC' - d * interval '1 day',
    'YYYY-MM-DD'), 72::bigint, 48::bigint, 24::bigint, 24::bigint,
            240::bigint, 480::bigint, 6.00 from unnest('{1,0}'::integer[]) d $$, 'by day');
select is((select count(*)
  from pg_temp.stats('hour') s where s.calls = 3 and s.key ~ '^\d{4}-\d\d-\d\dT\d\d:00:00Z$'), 48::bigint, 'by hour');
select results_eq($$ select s.key, s.calls, s.errors, s.model_uses from pg_temp.stats('route') s $$,
  $$ values ('GET /v1/me', 96::bigint, 48::bigint, 0::bigint), ('POST /v1/a', 48, 48, 0), ('POST /v1/usage', 0, 0, 48) $$,
    'by route');
select results_eq($$ select s.key, s.calls, s.model_uses from pg_temp.stats('status') s $$,
  $$ values ('2xx', 48::bigint, 0::bigint), ('4xx', 48, 0), ('5xx', 48, 0), ('model', 0, 48) $$, 'by class of status');
select results_eq($$ select s.key, s.model_uses, s.cost from pg_temp.stats('model') s $$,
  $$ values ('gpt', 48::bigint, 12.00) $$, 'by model');
select results_eq($$ select s.key, s.calls from pg_temp.stats('user', null) s $$,
  $$ values ('00000000-0000-0000-0000-000000000000', 48::bigint), (pg_temp.anna()::text, 144),
            (pg_temp.ben()::text, 48) $$, 'everybody by user');
select results_eq($$ select s.key, s.calls from pg_temp.stats('total', null) s $$, $$ values ('total', 240::bigint) $$,
  'everybody');

select results_eq(
  $$ select s.average_ms, s.p50_ms, s.p95_ms, s.slowest_ms
    from core.usage_stats(pg_temp.anna(), pg_temp.day(-1), pg_temp.day(1), 'route', null, 10) s $$,
  $$ values (1.250, 1.000, 1.900, 2.000), (40.000, 32.500, 39.250, 40.000), (null, null, null, null) $$, 'how long they took');
select is((select s.average_ms from core.usage_stats(pg_temp.anna(), pg_temp.day(-1), pg_temp.day(1),
  'total', null, 10) s), 14.167,
          'models take no part in it');

-- Pages.
select results_eq(
  $$ select s.key, s.cursor from core.usage_stats(pg_temp.anna(), pg_temp.day(-1), pg_temp.day(1), 'status', '2xx', 2) s $$,
  $$ values ('4xx', '4xx'), ('5xx', '5xx') $$, 'a page behind a key');

-- The period.
select results_eq($$ select s.calls from core.usage_stats(pg_temp.anna(), date_trunc('day', now(),
  'UTC') - interval '23 h 30 min',
                       date_trunc('day', now(), 'UTC') - interval '23 h', 'total', null, 10) s $$, array[3::bigint],
                         'hours are whole');
select results_eq($$ select s.calls from core.usage_stats(pg_temp.anna(), pg_temp.day(0), pg_temp.day(0) + interval '1 s', 'total',
                       null, 10) s $$, array[3::bigint], 'not what was before');
select results_eq($$ select s.calls from core.usage_stats(pg_temp.anna(), null, null, 'total', null, 10) s $$,
  $$ select (3 * (25 + extract(hour from now() at time zone 'UTC')))::bigint $$, 'the last seven days, up to now');
select is_empty($$ select from core.usage_stats(pg_temp.anna(), '2020-01-01', '2020-02-01', 'day', null, 10) $$, 'nothing then');

-- Rights of whoever asks.
set local role plinth_owner;
select is_empty($$ select from core.usage_stats(null, null, null, 'total', null, 10) $$, 'row-level security binds it');
select set_config('plinth.caller', pg_temp.ben()::text, true);
select results_eq($$ select s.calls from core.usage_stats(null, pg_temp.day(-1), pg_temp.day(1),
  'total', null, 10) s $$, array[48::bigint], 'to the caller''s rows');
select set_config('plinth.caller', '', true);
reset role;

select throws_ok(format('select core.usage_stats(%s, null, 10)', c.args), 'VL001', c.message, c.args)
  from (values
    ($$null, null, null, 'week'$$, 'by must be total, hour, day, route, status, model or user'),
    ($$null, null, null, null$$, 'by must be total, hour, day, route, status, model or user'),
    ($$pg_temp.anna(), null, null, 'user'$$, 'by must be total, hour, day, route, status or model'),
    ($$null, '-infinity', null, 'day'$$, 'from must be a time'),
    ($$null, null, 'infinity', 'day'$$, 'to must be a time behind from'),
    ($$null, now(), '2020-01-01', 'day'$$, 'to must be a time behind from'),
    ($$null, pg_temp.day(0), pg_temp.day(0), 'day'$$, 'to must be a time behind from'),
    ($$null, now() - interval '32 days', null, 'hour'$$, 'The period must have at most 31 days'),
    ($$null, now() - interval '400 days', null, 'day'$$, 'The period must have at most 366 days')) c (args, message);

select lives_ok($$ select core.usage_stats(null, pg_temp.day(-366), pg_temp.day(0) + interval '1 hour', 'day', null, 10) $$,
  'a year is not too long');

select * from finish();
rollback;
