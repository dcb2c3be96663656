-- core.window_wait: in how many seconds there is room again.
begin;
select plan(13);

select is(pg_get_function_arguments('core.window_wait'::regproc),
  'p_window ops.rate_window, p_width integer, p_now bigint, p_units bigint', 'arguments');
select is(pg_get_function_result('core.window_wait'::regproc), 'integer', 'result');
select volatility_is('core', 'window_wait', array['ops.rate_window', 'integer', 'bigint', 'bigint'], 'immutable');
select isnt_definer('core', 'window_wait', array['ops.rate_window', 'integer', 'bigint', 'bigint']);
select function_owner_is('core', 'window_wait',
  array['ops.rate_window', 'integer', 'bigint', 'bigint'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.window_wait'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.window_wait'::regproc;

create temp table w as
select core.window_plus(core.window_at(core.window_plus(core.window_at(null, 60, 60000), 5), 60, 60600), 3) as w;
select is(core.window_wait(core.window_at(null, 60, 60000), 60, 60000, 1), 0, 'none where nothing was used');
select is(core.window_wait(w.w, 60, 60600, 1), 62 * 60 - 600, 'the first leaves when its part and 61 more are over') from w;
select is(core.window_wait(w.w, 60, 60630, 1), 62 * 60 - 630, 'a second sooner each second') from w;
select is(core.window_wait(w.w, 60, 60600, 5), 62 * 60 - 600, 'all of that part leaves at once') from w;
select is(core.window_wait(w.w, 60, 60600, 6), 62 * 60, 'one more with the next part') from w;
select is(core.window_wait(w.w, 60, 60600, 99), 62 * 60, 'more than there is: when all has left') from w;

select * from finish();
rollback;
