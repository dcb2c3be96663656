-- http.timeline: which timeline of which database this is. That it is another one after a failover, and that a replica
-- refuses: tests/trust/test_failover.py.
begin;
select plan(10);

select is(pg_get_function_arguments('http.timeline'::regproc), '', 'arguments');
select is(pg_get_function_result('http.timeline'::regproc), 'text', 'result');
select volatility_is('http', 'timeline', '{}'::name[], 'stable');
select is_definer('http', 'timeline', '{}'::name[]);
select function_owner_is('http', 'timeline', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.timeline'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_web}', 'who may call it') from pg_proc p where p.oid = 'http.timeline'::regproc;

set session authorization plinth_web;
select set_config('told.timeline', http.timeline(), true);
select is(http.timeline(), current_setting('told.timeline'), 'the same as long as the server is the primary');
reset session authorization;
select is(string_to_array(current_setting('told.timeline'), '/'),
          array[(select system_identifier::text from pg_control_system()),
                (select oid::text from pg_database where datname = current_database()),
                (select left(pg_walfile_name(pg_current_wal_lsn()), 8))], 'server, database, timeline');
set session authorization plinth_reader;
select throws_ok('select http.timeline()', '42501', null, 'readers do not');
reset session authorization;

select * from finish();
rollback;
