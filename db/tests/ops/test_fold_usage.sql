-- core.fold_usage: adds counts to the hour, to the day, and to who was there.
begin;
select plan(8);

select is(pg_get_function_arguments('core.fold_usage'::regproc), 'p_counts analytics.api_metrics[]', 'arguments');
select is(pg_get_function_result('core.fold_usage'::regproc), 'void', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_system {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.fold_usage'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_system}',
          'who may call it')
  from pg_proc p where p.oid = 'core.fold_usage'::regproc;

delete from analytics.api_metrics;
delete from analytics.daily_users;
delete from analytics.daily_stats;
create function pg_temp.counted(p_user integer, p_class integer, p_calls integer, p_us integer)
returns analytics.api_metrics language sql as $$
  select row(format('019e0000-0000-7000-8000-0000000a%s', p_user)::uuid, '2026-05-01 23:00+00'::timestamptz, '/v1/a', 'GET',
             p_class, '', p_calls, 1, 2, 0.5, p_us, p_us, array[p_calls] || array_fill(0, '{13}'))::analytics.api_metrics
$$;
select core.fold_usage(array[pg_temp.counted(7001, 2, 3, 30), pg_temp.counted(7002, 5, 1, 500)]);
select core.fold_usage(array[pg_temp.counted(7001, 2, 4, 20)]);
select results_eq(
  $$ select right(m.user_id::text, 4), m.calls, m.tokens_in, m.tokens_out, m.cost, m.duration_us, m.slowest_us,
            m.durations[1] from analytics.api_metrics m order by 1 $$,
  $$ values ('7001', 7::bigint, 2::bigint, 4::bigint, 1.0, 50::bigint, 30, 7::bigint), ('7002', 1, 1, 2, 0.5, 500, 500, 1) $$,
  'by the hour: sums, and the slowest');
select results_eq(
  $$ select s.day, s.calls, s.errors, s.failures, s.duration_us, s.active_users from analytics.daily_stats s $$,
  $$ values ('2026-05-01'::date, 8::bigint, 1::bigint, 1::bigint, 550::bigint, 2::bigint) $$,
  'by the day, where each user counts once');

select lives_ok('select core.fold_usage(null)', 'nothing is nothing');
set session authorization plinth_web;
select throws_ok('select core.fold_usage(null)', '42501', null, 'the layer''s login may not');
reset session authorization;

select * from finish();
rollback;
