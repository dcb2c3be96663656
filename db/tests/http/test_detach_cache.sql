-- http.detach_cache: says that this connection's process believes no copies any more.
begin;
-- Tests of it run side by side, and see each other's locks: one at a time.
select pg_advisory_xact_lock(hashtext('http.cache_places'));
select plan(11);

select is(pg_get_function_arguments('http.detach_cache'::regproc), '', 'arguments');
select is(pg_get_function_result('http.detach_cache'::regproc), 'void', 'result');
select volatility_is('http', 'detach_cache', '{}'::name[], 'volatile');
select is_definer('http', 'detach_cache', '{}'::name[]);
select function_owner_is('http', 'detach_cache', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.detach_cache'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_web}', 'who may call it') from pg_proc p where p.oid = 'http.detach_cache'::regproc;

select http.attach_cache(7);
set session authorization plinth_web;
select lives_ok('select http.detach_cache()', 'the layer lets go');
select lives_ok('select http.detach_cache()', 'also of nothing');
reset session authorization;
select is_empty('select http.cache_places()', 'nobody keeps copies any more');
set session authorization plinth_reader;
select throws_ok('select http.detach_cache()', '42501', null, 'readers do not');
reset session authorization;

select pg_advisory_unlock_all();
select * from finish();
rollback;
