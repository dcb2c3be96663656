-- core.add_usage: adds rows that are not there yet, and folds exactly those into the rollups.
begin;
select plan(24);

select is(pg_get_function_arguments('core.add_usage'::regproc), 'p_rows ops.api_usage[]', 'arguments');
select is(pg_get_function_result('core.add_usage'::regproc), 'integer', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_system {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.add_usage'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.add_usage'::regproc;

-- Other tests count in the same rows.
lock table analytics.daily_stats in share row exclusive mode;
delete from ops.api_usage;
delete from analytics.api_metrics;
delete from analytics.daily_users;
delete from analytics.daily_stats;

-- A row of this test: number, user, hours ago, route, status, milliseconds, model, tokens, cost.
create function pg_temp.usage(p_n integer, p_user integer, p_ago integer, p_route text, p_status integer, p_ms numeric,
                              p_model text default '', p_tokens bigint default null, p_cost numeric default null)
returns ops.api_usage
language sql
as $$
  select row(case when p_user > 0 then format('019e0000-0000-7000-8000-0000000a5%s', lpad(p_user::text, 3, '0'))
                  else '00000000-0000-0000-0000-000000000000' end::uuid,
             overlay(base.first_id(t.at)::text placing lpad(p_n::text, 12, '0') from 25)::uuid, t.at, null, 'GET', p_route,
             p_status, (p_ms * 1000)::integer, 'tap', null, p_model, p_tokens, 2 * p_tokens, p_cost)::ops.api_usage
    from (select date_trunc('day', now(), 'UTC') + interval '12:30' - p_ago * interval '1 hour') t (at)
$$;

select is(core.add_usage(array[
  pg_temp.usage(1, 1, 0, '/v1/a', 200, 0.5), pg_temp.usage(2, 1, 0, '/v1/a', 201, 3), pg_temp.usage(3, 1, 0, '/v1/a', 404, 20000),
  pg_temp.usage(4, 2, 0, '/v1/a', 503, 1), pg_temp.usage(5, 0, 0, '(none)', 401, 0),
  pg_temp.usage(6, 1, 24, '/v1/b', 200, 10), pg_temp.usage(7, 1, 0, '/v1/usage', null, null, 'gpt', 100, 0.0000012)]),
  7, 'all are new');
select is((select count(*) from ops.api_usage), 7::bigint, 'each is there');
select results_eq(
  $$ select m.route, m.status_class, m.model, m.calls, m.tokens_in, m.tokens_out, m.cost, m.duration_us, m.slowest_us, m.durations
       from analytics.api_metrics m where m.user_id = '019e0000-0000-7000-8000-0000000a5001'
      order by m.hour, m.route, m.status_class $$,
  $$ values ('/v1/b', 2::smallint, '', 1::bigint, 0::bigint, 0::bigint, 0::numeric, 10000::bigint, 10000,
             '{0,0,0,0,1,0,0,0,0,0,0,0,0,0}'::bigint[]),
            ('/v1/a', 2::smallint, '', 2, 0, 0, 0, 3500, 3000, '{1,0,1,0,0,0,0,0,0,0,0,0,0,0}'),
            ('/v1/a', 4::smallint, '', 1, 0, 0, 0, 20000000, 20000000, '{0,0,0,0,0,0,0,0,0,0,0,0,0,1}'),
            ('/v1/usage', 0::smallint, 'gpt', 1, 100, 200, 0.0000012, 0, 0, '{0,0,0,0,0,0,0,0,0,0,0,0,0,0}') $$,
  'the hour tells calls, errors, models, and how long it took');
select results_eq(
  $$ select s.day = (now() at time zone 'UTC')::date, s.calls, s.errors, s.failures, s.model_uses, s.tokens_in, s.tokens_out,
            s.cost, s.duration_us, s.active_users from analytics.daily_stats s order by s.day $$,
  $$ values (false, 1::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::numeric, 10000::bigint, 1::bigint),
            (true, 5, 3, 1, 1, 100, 200, 0.0000012, 20004500, 2) $$, 'the day as well; nobody is no user');
select results_eq('select u.user_id, count(*) from analytics.daily_users u group by 1 order by 1',
  $$ values ('019e0000-0000-7000-8000-0000000a5001'::uuid, 2::bigint), ('019e0000-0000-7000-8000-0000000a5002', 1) $$,
  'and who was there on which day');

-- The same again, with one that is new.
select is(core.add_usage(array[pg_temp.usage(1, 1, 0, '/v1/a', 200, 0.5), pg_temp.usage(2, 1, 0, '/v1/a', 201, 3),
                               pg_temp.usage(8, 1, 0, '/v1/a', 200, 4)]), 1, 'what came again is not new');
select results_eq(
  $$ select m.calls, m.duration_us, m.slowest_us, m.durations from analytics.api_metrics m
      where m.user_id = '019e0000-0000-7000-8000-0000000a5001' and m.route = '/v1/a' and m.status_class = 2 $$,
  $$ values (3::bigint, 7500::bigint, 4000, '{1,0,2,0,0,0,0,0,0,0,0,0,0,0}'::bigint[]) $$, 'and counts once');
select is((select s.calls from analytics.daily_stats s where s.active_users = 2), 6::bigint, 'in the day, too');
select is(core.add_usage(array[pg_temp.usage(9, 1, 0, '/v1/a', 200, 1), pg_temp.usage(9, 1, 0, '/v1/a', 200, 1)]), 1,
          'nor does it within one batch');

-- Late: it counts where it happened.
select is(core.add_usage(array[pg_temp.usage(10, 3, 24 * 30, '/v1/a', 200, 1), pg_temp.usage(11, 1, 24, '/v1/b', 200, 30)]), 2,
          'a month late, a day late');
select results_eq(
  $$ select ((now() at time zone 'UTC')::date - s.day), s.calls, s.active_users from analytics.daily_stats s order by s.day $$,
  $$ values (30, 1::bigint, 1::bigint), (1, 2, 1), (0, 7, 2) $$, 'in their days');
select is((select t.tableoid::regclass::text from ops.api_usage t where t.user_id = '019e0000-0000-7000-8000-0000000a5003'),
          'ops.api_usage_' || to_char(now() at time zone 'UTC' - interval '30 days', 'YYYY_MM_DD'), 'and in the partition of it');

-- 400 days late or ahead, by a clock that is wrong: kept and counted all the same.
select is(core.add_usage(array[pg_temp.usage(12, 3, 24 * 400, '/v1/a', 200, 1), pg_temp.usage(13, 3, -24 * 400, '/v1/a', 200, 1)]),
          2, 'beside all partitions');
select is((select count(*) from ops.api_usage_default), 2::bigint, 'the default one takes them');
select is((select count(*) from analytics.daily_stats), 5::bigint, 'and their days are counted');

select is(core.add_usage('{}'), 0, 'nothing is nothing');
select is(core.add_usage(null), 0, 'NULL, too');
select throws_ok($$ select core.add_usage(array[row(null, null, now(), null, 'GET', '/', 200, 1, 'x', null, '', null, null, null)
                    ::ops.api_usage]) $$, '23502', null, 'a row without an id is refused');

-- Rows of the same key in one batch are one row of the rollup, whatever their order.
select is((select count(*) from analytics.api_metrics m
            where m.route = '/v1/a' and abs(extract(epoch from m.hour - now())) < 72000), 3::bigint,
          'one per user, route, class and hour');

set session authorization plinth_web;
select throws_ok($$ select core.add_usage('{}') $$, '42501', null, 'the layer''s login may not');
reset session authorization;

select * from finish();
rollback;
