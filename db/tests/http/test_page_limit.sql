-- http.page_limit: the size of a page.
begin;
select plan(15);

select is(pg_get_function_arguments('http.page_limit'::regproc), 'p_limit integer', 'arguments');
select is(pg_get_function_result('http.page_limit'::regproc), 'integer', 'result');
select volatility_is('http', 'page_limit', array['integer'], 'immutable');
select is_definer('http', 'page_limit', array['integer']);
select function_owner_is('http', 'page_limit', array['integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.page_limit'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.page_limit'::regproc;

select is(http.page_limit(null), 50, 'when it is not asked for');
select is(http.page_limit(1), 1, 'the smallest');
select is(http.page_limit(200), 200, 'the largest');
select throws_ok('select http.page_limit(0)', 'VL001', 'limit must be from 1 to 200', 'none');
select throws_ok('select http.page_limit(201)', 'VL001', 'limit must be from 1 to 200', 'too many');
select throws_ok('select http.page_limit(-1)', 'VL001', 'limit must be from 1 to 200', 'less than none');

set session authorization plinth_web;
select is(http.page_limit(7), 7, 'the layer''s statements call it');
reset session authorization;
set session authorization plinth_reader;
select throws_ok('select http.page_limit(7)', '42501', null, 'readers do not');
reset session authorization;

select * from finish();
rollback;
