-- core.refuse_limit: kept in a request, raised elsewhere.
begin;
select plan(10);

select is(pg_get_function_arguments('core.refuse_limit'::regproc), 'p_limit text, p_wait integer', 'arguments');
select is(pg_get_function_result('core.refuse_limit'::regproc), 'void', 'result');
select volatility_is('core', 'refuse_limit', array['text', 'integer'], 'volatile');
select isnt_definer('core', 'refuse_limit', array['text', 'integer']);
select function_owner_is('core', 'refuse_limit', array['text', 'integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.refuse_limit'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.refuse_limit'::regproc;

select throws_ok($$ select core.refuse_limit('5 requests a day of your account', 9) $$, 'RL001',
                 'The limit of 5 requests a day of your account is reached; wait 9 seconds', 'raised in psql');
select set_config('plinth.caller', '019e0000-0000-7000-8000-000000000000', true);
select lives_ok($$ select core.refuse_limit('5 requests a day of your account', 9) $$, 'kept in a request');
select is(current_setting('plinth.failure')::jsonb, '{"code": "RL001", "field": null, "retry_after": 9,
  "message": "The limit of 5 requests a day of your account is reached; wait 9 seconds"}', 'with the time to wait');

select * from finish();
rollback;
