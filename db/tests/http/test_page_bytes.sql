-- http.page_bytes: what makes a page full before its limit does.
begin;
select plan(8);

select is(pg_get_function_result('http.page_bytes'::regproc), 'integer', 'result');
select volatility_is('http', 'page_bytes', '{}'::text[], 'immutable');
select function_owner_is('http', 'page_bytes', '{}'::text[], 'plinth_owner');
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.page_bytes'::regproc;
select is(http.page_bytes(), 2097152, 'two megabytes');
select is(p.prosecdef, false, 'a constant in the statements that call it') from pg_proc p
 where p.oid = 'http.page_bytes'::regproc;

set session authorization plinth_web;
select is(http.page_bytes(), 2097152, 'the layer''s statements call it');
reset session authorization;
set session authorization plinth_reader;
select throws_ok('select http.page_bytes()', '42501', null, 'readers do not');
reset session authorization;

select * from finish();
rollback;
