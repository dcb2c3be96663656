-- http.attach_cache: says that this connection's process keeps copies of answers, and where.
begin;
-- Tests of it run side by side, and see each other's locks: one at a time.
select pg_advisory_xact_lock(hashtext('http.cache_places'));
select plan(14);

select is(pg_get_function_arguments('http.attach_cache'::regproc), 'p_place integer, p_timeline text DEFAULT NULL::text',
          'arguments');
select is(pg_get_function_result('http.attach_cache'::regproc), 'boolean', 'result');
select volatility_is('http', 'attach_cache', array['integer', 'text'], 'volatile');
select is_definer('http', 'attach_cache', array['integer', 'text']);
select function_owner_is('http', 'attach_cache', array['integer', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.attach_cache'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_web}', 'who may call it') from pg_proc p where p.oid = 'http.attach_cache'::regproc;

set session authorization plinth_web;
select is(http.attach_cache(7), true, 'the first one says where');
select is(http.attach_cache(7), true, 'again, as after a change of mind');
reset session authorization;
select results_eq('select http.cache_places()', array[7], 'it is known from then on');
set session authorization plinth_web;
select is(http.attach_cache(8), true, 'elsewhere');
reset session authorization;
select results_eq('select http.cache_places()', array[8], 'one process has one place');
-- That of two processes at odds the second is refused: tests/trust/test_cache_faults.py.
set session authorization plinth_operator;
select throws_ok('select http.attach_cache(7)', '42501', null, 'operators do not');
reset session authorization;
set session authorization plinth_reader;
select throws_ok('select http.attach_cache(7)', '42501', null, 'readers do not');
reset session authorization;

select pg_advisory_unlock_all();
select * from finish();
rollback;
