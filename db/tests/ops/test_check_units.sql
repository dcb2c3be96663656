-- core.check_units: the rules of amounts.
begin;
select plan(15);

select is(pg_get_function_arguments('core.check_units'::regproc), 'p_requests integer, p_tokens bigint', 'arguments');
select is(pg_get_function_result('core.check_units'::regproc), 'void', 'result');
select volatility_is('core', 'check_units', array['integer', 'bigint'], 'immutable');
select isnt_definer('core', 'check_units', array['integer', 'bigint']);
select function_owner_is('core', 'check_units', array['integer', 'bigint'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.check_units'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.check_units'::regproc;

select lives_ok($$ select core.check_units(0, 0) $$, 'nothing');
select lives_ok($$ select core.check_units(1000000, 1000000000) $$, 'the most there may be');
select throws_ok(format('select core.check_units(%s)', c.args), 'VL001', c.message, c.args)
  from (values ('-1, 0', 'requests must be from 0 to 1,000,000'), ('1000001, 0', 'requests must be from 0 to 1,000,000'),
               ('null, 0', 'requests must be from 0 to 1,000,000'), ('0, -1', 'tokens must be from 0 to 1,000,000,000'),
               ('0, 1000000001', 'tokens must be from 0 to 1,000,000,000'), ('0, null', 'tokens must be from 0 to 1,000,000,000')
       ) c (args, message);

select * from finish();
rollback;
