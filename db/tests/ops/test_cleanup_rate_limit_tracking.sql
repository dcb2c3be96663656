-- api.cleanup_rate_limit_tracking: the same by hand.
begin;
select plan(12);

select is(pg_get_function_arguments('api.cleanup_rate_limit_tracking'::regproc), 'p_limit integer DEFAULT 1000', 'arguments');
select is(pg_get_function_result('api.cleanup_rate_limit_tracking'::regproc), 'integer', 'result');
select volatility_is('api', 'cleanup_rate_limit_tracking', array['integer'], 'volatile');
select is_definer('api', 'cleanup_rate_limit_tracking', array['integer']);
select function_owner_is('api', 'cleanup_rate_limit_tracking', array['integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.cleanup_rate_limit_tracking'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'api.cleanup_rate_limit_tracking'::regproc;

delete from ops.rate_limit_tracking;
insert into ops.rate_limit_tracking (subject, last_used_on) values ('address:192.0.2.1', current_date),
  ('address:192.0.2.2', current_date - 9);
set session authorization plinth_operator;
select is(api.cleanup_rate_limit_tracking(), 1, 'removes what counts no more');
select throws_ok($$ select api.cleanup_rate_limit_tracking(0) $$, 'VL001', 'limit must be from 1 to 100,000', 'too few');
select throws_ok($$ select api.cleanup_rate_limit_tracking(100001) $$, 'VL001', null, 'too many');
select throws_ok($$ select api.cleanup_rate_limit_tracking(null) $$, 'VL001', null, 'NULL');
set session authorization plinth_web;
select throws_ok($$ select api.cleanup_rate_limit_tracking() $$, '42501', null, 'for operators only');
reset session authorization;

select * from finish();
rollback;
