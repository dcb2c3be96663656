-- http.cache_places: where processes of this service keep copies of answers.
begin;
-- Tests of it run side by side, and see each other's locks: one at a time.
select pg_advisory_xact_lock(hashtext('http.cache_places'));
select plan(11);

select is(pg_get_function_arguments('http.cache_places'::regproc), '', 'arguments');
select is(pg_get_function_result('http.cache_places'::regproc), 'SETOF integer', 'result');
select volatility_is('http', 'cache_places', '{}'::name[], 'volatile');
select isnt_definer('http', 'cache_places', '{}'::name[]);
select function_owner_is('http', 'cache_places', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.cache_places'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.cache_places'::regproc;

select is_empty('select http.cache_places()', 'nobody keeps copies');
select pg_advisory_lock_shared(1886147689, 7), pg_advisory_lock_shared(1886147689, 2147483647),
       pg_advisory_lock(1886147688, 8), pg_advisory_lock_shared(1886147689);
select set_eq('select http.cache_places()', array[7, 2147483647], 'the places that locks name, and no other lock');
select pg_advisory_unlock_all();
select is_empty('select http.cache_places()', 'they end with the lock');
set session authorization plinth_web;
select throws_ok('select http.cache_places()', '42501', null, 'the layer does not look for itself');
reset session authorization;

select pg_advisory_unlock_all();
select * from finish();
rollback;
