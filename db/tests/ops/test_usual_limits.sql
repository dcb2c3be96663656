-- core.usual_limits: the environment's, else the database's own.
begin;
select plan(10);

select is(pg_get_function_arguments('core.usual_limits'::regproc), '', 'arguments');
select is(pg_get_function_result('core.usual_limits'::regproc), 'bigint[]', 'result');
select volatility_is('core', 'usual_limits', array[]::text[], 'stable');
select isnt_definer('core', 'usual_limits', array[]::text[]);
select function_owner_is('core', 'usual_limits', array[]::text[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.usual_limits'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.usual_limits'::regproc;

select set_config('plinth.limits', '', true);
select is(core.usual_limits(), '{60,1000,10000,100000}', 'as they are shipped');
select base.set_setting('limits.requests_per_hour', '7');
select is(core.usual_limits(), '{60,7,10000,100000}', 'as an operator set them');
select set_config('plinth.limits', '5,,0,', true);
select is(core.usual_limits(), '{5,7,0,100000}', 'what the environment says wins, also where it says none');

select * from finish();
rollback;
