-- core.quota_details: a row for each window that has a limit.
begin;
select plan(9);

select is(pg_get_function_arguments('core.quota_details'::regproc),
  'p_subjects text[], p_limits bigint[], p_windows ops.rate_window[], p_now bigint', 'arguments');
select is(pg_get_function_result('core.quota_details'::regproc),
  'TABLE(scope text, unit text, period text, quota bigint, used bigint, remaining bigint, reset integer)', 'result');
select volatility_is('core', 'quota_details', array['text[]', 'bigint[]', 'ops.rate_window[]', 'bigint'], 'stable');
select isnt_definer('core', 'quota_details', array['text[]', 'bigint[]', 'ops.rate_window[]', 'bigint']);
select function_owner_is('core', 'quota_details',
  array['text[]', 'bigint[]', 'ops.rate_window[]', 'bigint'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.quota_details'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.quota_details'::regproc;

create temp table w as
select array(select core.window_plus(core.window_at(null, (array[1, 60, 1440, 1440])[(n - 1) % 4 + 1], 864000), n)
               from generate_series(1, 8) n) as w;
select results_eq(
  $$ select d.* from w, core.quota_details('{user:x,"route:user:x:GET /v1/tap"}', '{9,0,2,9,9,9,0,0}', w.w, 864010) d $$,
  $$ values ('user', 'requests', 'minute', 9::bigint, 1::bigint, 8::bigint, 52), ('user', 'requests', 'day', 2, 3, 0, 89270),
            ('user', 'tokens', 'day', 9, 4, 5, 89270), ('GET /v1/tap', 'requests', 'minute', 9, 5, 4, 52),
            ('GET /v1/tap', 'requests', 'hour', 9, 6, 3, 3710) $$, 'what is used of each, and when the first of it is over');
select is_empty($$ select core.quota_details('{}', '{}', '{}', 1000) $$, 'none without limits');

select * from finish();
rollback;
