-- core.window_plus: more now, or less in the part where it was counted.
begin;
select plan(17);

select is(pg_get_function_arguments('core.window_plus'::regproc),
  'p_window ops.rate_window, p_units bigint, p_part bigint DEFAULT NULL::bigint', 'arguments');
select is(pg_get_function_result('core.window_plus'::regproc), 'ops.rate_window', 'result');
select volatility_is('core', 'window_plus', array['ops.rate_window', 'bigint', 'bigint'], 'immutable');
select isnt_definer('core', 'window_plus', array['ops.rate_window', 'bigint', 'bigint']);
select function_owner_is('core', 'window_plus', array['ops.rate_window', 'bigint', 'bigint'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.window_plus'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.window_plus'::regproc;

create temp table w as select core.window_plus(core.window_plus(core.window_at(null, 1, 1000), 5), 2) as w;
select is((w.w).total, 7::bigint, 'what is added is counted') from w;
select is((w.w).counts[1000 % 62 + 1], 7::bigint, 'in the newest part') from w;
update w set w = core.window_plus(core.window_at(w.w, 1, 1010), 3);
select is((core.window_plus(w.w, -4, 1000)).counts[1000 % 62 + 1], 3::bigint, 'what comes back leaves its own part') from w;
select is((core.window_plus(w.w, -4, 1000)).total, 6::bigint, 'and the sum') from w;
select is((core.window_plus(w.w, -99, 1000)).total, 3::bigint, 'no part goes below nothing') from w;
select is((core.window_plus(w.w, -1, 1010)).total, 9::bigint, 'the newest part gives as well') from w;
select is(core.window_plus(w.w, -1, 1011), w.w, 'a part that is to come gives nothing') from w;
select is(core.window_plus(w.w, -1, 948), w.w, 'nor one that has left') from w;
select is((core.window_plus(w.w, -1, 949)).head, 1010::bigint, 'the oldest one may') from w;
select is((core.window_plus(core.window_plus(core.window_at(null, 1, 1000), 2147483000), 1000)).total, 2147484000::bigint,
          'one part counts further than an integer does');

select * from finish();
rollback;
