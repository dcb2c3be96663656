-- core.rate_windows: four for each subject, in the order given.
begin;
select plan(11);

select is(pg_get_function_arguments('core.rate_windows'::regproc), 'p_subjects text[], p_now bigint', 'arguments');
select is(pg_get_function_result('core.rate_windows'::regproc), 'ops.rate_window[]', 'result');
select volatility_is('core', 'rate_windows', array['text[]', 'bigint'], 'stable');
select isnt_definer('core', 'rate_windows', array['text[]', 'bigint']);
select function_owner_is('core', 'rate_windows', array['text[]', 'bigint'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.rate_windows'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.rate_windows'::regproc;

insert into ops.rate_limit_tracking (subject, requests_minute, tokens_day) values
  ('address:192.0.2.3', core.window_plus(core.window_at(null, 1, 100000), 3),
   core.window_plus(core.window_at(null, 1440, 100000), 4));
select is(array(select (w).total from unnest(core.rate_windows('{address:192.0.2.4,address:192.0.2.3}', 100000)) w),
          '{0,0,0,0,3,0,0,4}', 'what is not there is empty');
select is(array(select (w).head from unnest(core.rate_windows('{address:192.0.2.3}', 100100)) w),
          '{100100,1668,69,69}', 'as of the moment asked about');
select is(array(select (w).total from unnest(core.rate_windows('{address:192.0.2.3}', 100100)) w),
          '{0,0,0,4}', 'without what has left');
select is(core.rate_windows('{}', 100000), '{}', 'none for nobody');

select * from finish();
rollback;
