-- core.check_limits: whole numbers from 0.
begin;
select plan(12);

select is(pg_get_function_arguments('core.check_limits'::regproc),
  'p_minute bigint, p_hour bigint, p_day bigint, p_tokens bigint DEFAULT NULL::bigint', 'arguments');
select is(pg_get_function_result('core.check_limits'::regproc), 'void', 'result');
select volatility_is('core', 'check_limits', array['bigint', 'bigint', 'bigint', 'bigint'], 'immutable');
select isnt_definer('core', 'check_limits', array['bigint', 'bigint', 'bigint', 'bigint']);
select function_owner_is('core', 'check_limits', array['bigint', 'bigint', 'bigint', 'bigint'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.check_limits'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.check_limits'::regproc;

select lives_ok($$ select core.check_limits(0, 999999999999, null, null) $$, 'none, the most, nothing said');
select throws_ok(format('select core.check_limits(%s)', c.args), 'VL001', c.name || ' must be from 0 to 999,999,999,999', c.name)
  from (values ('-1, 1, 1, 1', 'requests_per_minute'), ('1, -1, 1, 1', 'requests_per_hour'),
               ('1, 1, 1000000000000, 1', 'requests_per_day'), ('1, 1, 1, -1', 'tokens_per_day')) c (args, name);

select * from finish();
rollback;
