-- core.keep_rate_windows: writes what is counted.
begin;
select plan(10);

select is(pg_get_function_arguments('core.keep_rate_windows'::regproc),
  'p_subjects text[], p_limits bigint[], p_windows ops.rate_window[]', 'arguments');
select is(pg_get_function_result('core.keep_rate_windows'::regproc), 'void', 'result');
select volatility_is('core', 'keep_rate_windows', array['text[]', 'bigint[]', 'ops.rate_window[]'], 'volatile');
select isnt_definer('core', 'keep_rate_windows', array['text[]', 'bigint[]', 'ops.rate_window[]']);
select function_owner_is('core', 'keep_rate_windows',
  array['text[]', 'bigint[]', 'ops.rate_window[]'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.keep_rate_windows'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.keep_rate_windows'::regproc;

insert into ops.rate_limit_tracking (subject, last_used_on) values ('address:192.0.2.5', '2020-01-01'),
  ('address:192.0.2.6', '2020-01-01');
create function pg_temp.kept() returns text[] language sql as $$
  select array_agg(concat_ws(' ', (t.requests_minute).total, (t.requests_hour).total, (t.requests_day).total,
                             (t.tokens_day).total, case when t.last_used_on = current_date then 'today' end) order by t.subject)
    from ops.rate_limit_tracking t where t.subject in ('address:192.0.2.5', 'address:192.0.2.6')
$$;
create temp table w as select array(select core.window_plus(core.window_at(null, 1, 1000), n) from generate_series(1, 8) n) as w;
select core.keep_rate_windows('{address:192.0.2.5,address:192.0.2.6}', '{9,9,9,9,9,9,9,9}', w.w) from w;
select is(pg_temp.kept(), '{1 2 3 4 today,5 6 7 8 today}', 'four for each');
select core.keep_rate_windows('{address:192.0.2.6}', '{9,0,9,0}', w.w) from w;
select is(pg_temp.kept(), '{1 2 3 4 today,1 3 4 today}', 'requests without a limit are not, tokens are');
select core.keep_rate_windows('{address:192.0.2.6}', '{0,0,0,0}', array_fill(core.window_at(null, 1, 1000), array[4]));
select is(pg_temp.kept(), '{1 2 3 4 today,today}', 'what is empty takes no room');

select * from finish();
rollback;
