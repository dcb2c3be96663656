-- http.undelivered: whether copies may still be served that a transaction made void.
begin;
-- Tests of it run side by side, and see each other's locks: one at a time.
select pg_advisory_xact_lock(hashtext('http.cache_places'));
select plan(18);

select is(pg_get_function_arguments('http.undelivered'::regproc), 'p_xid text, p_tags text[]', 'arguments');
select is(pg_get_function_result('http.undelivered'::regproc), 'boolean', 'result');
select volatility_is('http', 'undelivered', array['text', 'text[]'], 'volatile');
select is_definer('http', 'undelivered', array['text', 'text[]']);
select function_owner_is('http', 'undelivered', array['text', 'text[]'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.undelivered'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_web}', 'who may call it') from pg_proc p where p.oid = 'http.undelivered'::regproc;

insert into base.touched_tags (xid, tag) values ('3', 'tap:1'), ('3', 'tap:2'), ('4', 'tap:1');
set session authorization plinth_web;
select is(http.undelivered('3', null), false, 'on record, but nobody keeps copies');
select http.attach_cache(7);
select is(http.undelivered('3', null), true, 'on record, and somebody keeps copies');
select is(http.undelivered('5', null), false, 'not on record: whoever bumped it cleared it');
select is(http.undelivered(null, '{tap:2,tap:9}'), true, 'the tags of an earlier call');
select is(http.undelivered(null, '{tap:9}'), false, 'were bumped long ago');
select is(http.undelivered(null, null), false, 'no transaction');
select throws_ok($$ select http.undelivered('somewhen', null) $$, '22P02', null, 'none either');
select http.clear_tags('{3}');
select is(http.undelivered('3', null), false, 'bumped meanwhile');
select http.detach_cache();
select is(http.undelivered('4', null), false, 'nobody believes copies any more');
reset session authorization;
set session authorization plinth_operator;
select throws_ok('select http.undelivered(''3'', null)', '42501', null, 'operators do not');
reset session authorization;
set session authorization plinth_reader;
select throws_ok('select http.undelivered(''3'', null)', '42501', null, 'readers do not');
reset session authorization;

select pg_advisory_unlock_all();
select * from finish();
rollback;
