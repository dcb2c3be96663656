-- http.nothing: one object was promised and there is none.
begin;
select plan(12);

select is(pg_get_function_arguments('http.nothing'::regproc), '', 'arguments');
select is(pg_get_function_result('http.nothing'::regproc), 'text', 'result');
select volatility_is('http', 'nothing', '{}'::name[], 'volatile');
select is_definer('http', 'nothing', '{}'::name[]);
select function_owner_is('http', 'nothing', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.nothing'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.nothing'::regproc;

select throws_ok('select http.nothing()', 'NF001', 'There is no such thing, or it is not yours to see',
                 'NF001, always');
select is(coalesce('{}', http.nothing()), '{}', 'not where there is something');
prepare nothing as select coalesce(b.body, http.nothing()) from (values ('a'), ('b')) as b (body);
select results_eq('nothing', $$ values ('a'), ('b') $$, 'nor beforehand, when a statement is planned');

set session authorization plinth_web;
select throws_ok('select http.nothing()', 'NF001', null, 'the layer''s statements call it');
reset session authorization;
set session authorization plinth_reader;
select throws_ok('select http.nothing()', '42501', null, 'readers do not');
reset session authorization;

select * from finish();
rollback;
