-- core.fold_metrics: counts by the hour add up. test_fold_usage.sql shows all rollups together.
begin;
select plan(8);

select is(pg_get_function_arguments('core.fold_metrics'::regproc), 'p_counts analytics.api_metrics[]', 'arguments');
select is(pg_get_function_result('core.fold_metrics'::regproc), 'void', 'result');
select volatility_is('core', 'fold_metrics', array['analytics.api_metrics[]'], 'volatile');
select isnt_definer('core', 'fold_metrics', array['analytics.api_metrics[]']);
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.fold_metrics'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.fold_metrics'::regproc;

create function pg_temp.fold(p_calls bigint, p_slowest integer) returns void language sql as $$
  select core.fold_metrics(array[('019e0000-0000-7000-8000-0000000fe311', timestamptz '2026-01-01 10:00Z', '/tap', 'GET',
    2::smallint, '', p_calls, 1, 2, 0.5, 7, p_slowest, array_fill(1::bigint, array[14]))::analytics.api_metrics])
$$;
select pg_temp.fold(3, 9), pg_temp.fold(4, 5);
select results_eq(
  $$ select m.calls, m.tokens_in, m.tokens_out, m.cost, m.duration_us, m.slowest_us, m.durations from analytics.api_metrics m
      where m.route = '/tap' $$,
  $$ values (7::bigint, 2::bigint, 4::bigint, 1.0, 14::bigint, 9, array_fill(2::bigint, array[14])) $$, 'sums, and the slowest');
select lives_ok('select core.fold_metrics(null)', 'nothing is nothing');

select * from finish();
rollback;
