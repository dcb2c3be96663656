-- core.duration_at: an estimate from a histogram, between the bounds of a slot, never above the slowest.
begin;
select plan(13);

select is(pg_get_function_arguments('core.duration_at'::regproc),
  'p_durations bigint[], p_share numeric, p_slowest bigint', 'arguments');
select is(pg_get_function_result('core.duration_at'::regproc),
  'numeric', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'i f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.duration_at'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner,plinth_system}',
  'who may call it')
  from pg_proc p where p.oid = 'core.duration_at'::regproc;

select is(core.duration_at(array_fill(0::bigint, '{14}'), 0.5, 0), null, 'no calls, no duration');
select is(core.duration_at(null, 0.5, 0), null, 'no histogram');
select is(core.duration_at('{10,0,0,0,0,0,0,0,0,0,0,0,0,0}', 0.5, 1000), 500::numeric, 'half of them: the middle of the slot');
select is(core.duration_at('{10,0,0,0,0,0,0,0,0,0,0,0,0,0}', 0.95, 400), 380::numeric, 'never above the slowest');
select is(core.duration_at('{50,50,0,0,0,0,0,0,0,0,0,0,0,0}', 0.5, 2400), 1000::numeric, 'on the bound of two slots');
select is(core.duration_at('{0,0,100,0,0,0,0,0,0,0,0,0,0,0}', 0.95, 5000), 4875::numeric, 'between the bounds of its slot');
select is(core.duration_at('{0,0,0,0,0,0,0,0,0,0,0,0,0,4}', 0.5, 30000000), 20000000::numeric,
  'the last slot ends with the slowest');
select is(core.duration_at('{99,0,0,0,0,0,0,0,0,0,0,0,0,1}', 1, 30000000), 30000000::numeric, 'all of them: the slowest');

-- Against what was really measured: the estimate is in the slot of the true value.
select is_empty(
  $$ with call as (select (power(10, 2 + 5 * random()))::integer as us from generate_series(1, 5000)),
          truth as (select s, percentile_disc(s) within group (order by c.us) as us, max(c.us) as slowest,
                           (select array_agg((select count(*) from call d
                                               where width_bucket(d.us, analytics.duration_bounds()) = n) order by n)
                              from generate_series(0, 13) n) as durations
                      from call c, unnest('{0.01,0.5,0.95,0.99}'::numeric[]) s group by s)
     select t.s, t.us, core.duration_at(t.durations, t.s, t.slowest) from truth t
      where abs(width_bucket(t.us, analytics.duration_bounds())
                - width_bucket(core.duration_at(t.durations, t.s, t.slowest)::integer - 1, analytics.duration_bounds())) > 0 $$,
  'it is in the slot in which the true one is');

select * from finish();
rollback;
