-- http.timeline: which timeline of which database this is. That it is another one after a failover, and that a replica
-- refuses: tests/trust/test_failover.py.
begin;
-- Tests of it run side by side, and see each other's locks: one at a time.
select pg_advisory_xact_lock(hashtext('http.cache_places'));
select plan(17);

select is(pg_get_function_arguments('http.timeline'::regproc), 'p_redis text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('http.timeline'::regproc), 'text', 'result');
select volatility_is('http', 'timeline', array['text'], 'volatile');
select is_definer('http', 'timeline', array['text']);
select function_owner_is('http', 'timeline', array['text'], 'plinth_owner');
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
                (select left(pg_walfile_name(pg_current_wal_lsn()), 8)),
                (select extract(epoch from pg_postmaster_start_time())::text),
                (select xmin::text from http.cache_place),
                (select epoch::text from http.cache_place)], 'server, database, timeline, its start, its row, copies');

-- As pg_restore leaves it in the database it was taken from.
create temp table kept as select * from http.cache_place;
delete from http.cache_place;
insert into http.cache_place select * from kept;
select isnt(http.timeline(), current_setting('told.timeline'), 'another one where the row was put back');

-- Copies are kept in one Redis, then in another, then in the first again.
create temp table told as select 0 as n, http.timeline('tap one') as timeline;
grant all on told to public;
set session authorization plinth_web;
insert into told values (1, http.timeline('tap one')), (2, http.timeline('tap two')), (3, http.timeline('tap two')),
                        (4, http.timeline()), (5, http.timeline('tap one'));
reset session authorization;
select is(array(select dense_rank() over (order by f.n) from told t
                 cross join lateral (select min(s.n) as n from told s where s.timeline = t.timeline) f order by t.n),
          '{1,1,2,2,2,3}', 'another timeline with each other Redis');
set session authorization plinth_web;
select ok(http.attach_cache(7, (select t.timeline from told t where t.n = 5)), 'copies are kept on the one of now');
select ok(not http.attach_cache(7, (select t.timeline from told t where t.n = 4)), 'on no earlier one');
select http.attach_cache(7);
select isnt(http.timeline('tap three'), http.timeline(), 'while somebody keeps copies');
select ok(not http.attach_cache(7, http.timeline('tap three')), 'nobody else does elsewhere');
select is(http.timeline(), (select t.timeline from told t where t.n = 5), 'nor does anything change for him');
reset session authorization;
select pg_advisory_unlock_all();

set session authorization plinth_reader;
select throws_ok('select http.timeline()', '42501', null, 'readers do not');
reset session authorization;

select * from finish();
rollback;
