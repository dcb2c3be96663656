-- core.cleanup_rate_limits: what counts no more, so many at a time.
begin;
select plan(13);

select is(pg_get_function_arguments('core.cleanup_rate_limits'::regproc), 'p_limit integer', 'arguments');
select is(pg_get_function_result('core.cleanup_rate_limits'::regproc), 'integer', 'result');
select volatility_is('core', 'cleanup_rate_limits', array['integer'], 'volatile');
select is_definer('core', 'cleanup_rate_limits', array['integer']);
select function_owner_is('core', 'cleanup_rate_limits', array['integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.cleanup_rate_limits'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.cleanup_rate_limits'::regproc;

delete from ops.rate_limit_tracking;
insert into ops.rate_limit_tracking (subject, last_used_on)
select 'address:192.0.2.' || n, current_date - n from generate_series(0, 5) n;
select is(core.cleanup_rate_limits(2), 2, 'at most so many');
select is(array(select t.subject from ops.rate_limit_tracking t order by t.subject),
          array['address:192.0.2.0', 'address:192.0.2.1', 'address:192.0.2.2', 'address:192.0.2.3'], 'the oldest first');
select is(core.cleanup_rate_limits(100), 2, 'the rest');
select is(array(select t.subject from ops.rate_limit_tracking t order by t.subject),
          array['address:192.0.2.0', 'address:192.0.2.1'], 'today''s and yesterday''s may still count');
select is(core.cleanup_rate_limits(100), 0, 'then none');
select isnt_empty($$ select from http.jobs j where j.name = 'core.cleanup_rate_limits' and j.every = '1 hour' $$,
  'the worker does it');

select * from finish();
rollback;
