-- http.fresh_for: how long an answer that changes by itself may be kept.
begin;
select plan(10);

select is(pg_get_function_arguments('http.fresh_for'::regproc), 'p_expires_in integer', 'arguments');
select is(pg_get_function_result('http.fresh_for'::regproc), 'integer', 'result');
select volatility_is('http', 'fresh_for', array['integer'], 'volatile');
select isnt_definer('http', 'fresh_for', array['integer']);
select function_owner_is('http', 'fresh_for', array['integer'], 'plinth_owner');
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.fresh_for'::regproc;

select core.fresh_until(clock_timestamp() + interval '100.5 s');
set session authorization plinth_web;
select is(http.fresh_for(300), 100, 'until then, in whole seconds that have passed before it');
select is(http.fresh_for(7), 7, 'and no longer than the session');
select is(http.fresh_for(null), 100, 'nobody''s answer: until then');
reset session authorization;
select core.fresh_until(clock_timestamp() - interval '1 s');
select ok(http.fresh_for(300) < 0, 'a time that has passed: not at all');

select * from finish();
rollback;
