-- core.follow_clock: windows go with a clock that goes back.
begin;
select plan(10);

select is(pg_get_function_arguments('core.follow_clock'::regproc), 'p_subjects text[], p_now bigint', 'arguments');
select is(pg_get_function_result('core.follow_clock'::regproc), 'void', 'result');
select volatility_is('core', 'follow_clock', array['text[]', 'bigint'], 'volatile');
select isnt_definer('core', 'follow_clock', array['text[]', 'bigint']);
select function_owner_is('core', 'follow_clock', array['text[]', 'bigint'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.follow_clock'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.follow_clock'::regproc;

insert into ops.rate_limit_tracking (subject, requests_minute, requests_day) values
  ('address:192.0.2.8', core.window_plus(core.window_at(null, 1, 1000000), 3),
    core.window_plus(core.window_at(null, 1440, 1000000), 3)),
  ('address:192.0.2.9', core.window_plus(core.window_at(null, 1, 1000000), 3), null);
create function pg_temp.heads() returns text[] language sql as $$
  select array_agg(concat_ws(' ', (t.requests_minute).head, (t.requests_minute).total, (t.requests_day).head) order by t.subject)
    from ops.rate_limit_tracking t where t.subject in ('address:192.0.2.8', 'address:192.0.2.9')
$$;
select core.follow_clock('{address:192.0.2.8,address:192.0.2.9}', 1000050);
select is(pg_temp.heads(), '{1000000 3 694,1000000 3}', 'a clock that goes on changes nothing');
select core.follow_clock('{address:192.0.2.8}', 999998);
select is(pg_temp.heads(), '{1000000 3 694,1000000 3}', 'nor does one a little behind');
select core.follow_clock('{address:192.0.2.8}', 900000);
select is(pg_temp.heads(), '{900000 3 625,1000000 3}', 'one that goes back takes along whom it was called for');

select * from finish();
rollback;
