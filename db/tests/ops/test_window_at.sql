-- core.window_at: what is too old leaves, and a clock that goes back freezes nothing.
begin;
select plan(20);

select is(pg_get_function_arguments('core.window_at'::regproc),
  'p_window ops.rate_window, p_width integer, p_now bigint', 'arguments');
select is(pg_get_function_result('core.window_at'::regproc), 'ops.rate_window', 'result');
select volatility_is('core', 'window_at', array['ops.rate_window', 'integer', 'bigint'], 'immutable');
select isnt_definer('core', 'window_at', array['ops.rate_window', 'integer', 'bigint']);
select function_owner_is('core', 'window_at', array['ops.rate_window', 'integer', 'bigint'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.window_at'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.window_at'::regproc;

create function pg_temp.filled(p_counts bigint[]) returns ops.rate_window language sql as $$
  -- Part 1000 + n holds p_counts[n + 1]; the last of them is the newest.
  select row(999 + cardinality(p_counts), (select sum(c) from unnest(p_counts) c),
             (select array_agg(coalesce(p_counts[n], 0) order by (999 + n) % 62) from generate_series(1, 62) n))::ops.rate_window
$$;

select is(core.window_at(null, 60, 125), row(2, 0, array_fill(0::bigint, array[62]))::ops.rate_window, 'a new one is empty');
select is(core.window_at(pg_temp.filled('{5,7}'), 60, 1001 * 60 + 59), pg_temp.filled('{5,7}'), 'within a part nothing changes');
select is((w).head, 1003::bigint, 'the newest part is that of now')
  from core.window_at(pg_temp.filled('{5,7}'), 60, 1003 * 60) w;
select is((w).total, 12::bigint, 'what is young enough stays') from core.window_at(pg_temp.filled('{5,7}'), 1, 1061) w;
select is((w).total, 7::bigint, 'the oldest leaves when the 61 parts after it are over')
  from core.window_at(pg_temp.filled('{5,7}'), 1, 1062) w;
select is((w).total, 0::bigint, 'then the next') from core.window_at(pg_temp.filled('{5,7}'), 1, 1063) w;
select is((w).total, (select sum(c)::bigint from unnest((w).counts) c), 'the sum is that of the parts')
  from core.window_at(pg_temp.filled('{5,7,1,0,3}'), 1, 1063) w;
select is(core.window_at(pg_temp.filled('{5,7}'), 1, 99999), row(99999, 0, array_fill(0::bigint, array[62]))::ops.rate_window,
          'after a long time it is empty');
select is(core.window_at(pg_temp.filled('{5,7}'), 1, 999), pg_temp.filled('{5,7}'), 'a clock two parts behind changes nothing');
select is((w).head, 998::bigint, 'one further behind takes the window along')
  from core.window_at(pg_temp.filled('{5,7}'), 1, 998) w;
select is((w).total, 12::bigint, 'with all it holds') from core.window_at(pg_temp.filled('{5,7}'), 1, 17) w;
select is((core.window_at(w, 1, 17 + 61)).total, 7::bigint, 'and its ages') from core.window_at(pg_temp.filled('{5,7}'), 1, 17) w;
select is((core.window_at(w, 1, 17 + 60)).total, 12::bigint, 'to the part') from core.window_at(pg_temp.filled('{5,7}'), 1, 17) w;

select * from finish();
rollback;
