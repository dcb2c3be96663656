-- http.announce_stale_tags: tells who keeps copies of tags that were touched a while ago and that nobody bumped.
begin;
select plan(13);

select is(pg_get_function_arguments('http.announce_stale_tags'::regproc), 'p_seconds double precision DEFAULT 2', 'arguments');
select is(pg_get_function_result('http.announce_stale_tags'::regproc), 'boolean', 'result');
select volatility_is('http', 'announce_stale_tags', array['double precision'], 'volatile');
select is_definer('http', 'announce_stale_tags', array['double precision']);
select function_owner_is('http', 'announce_stale_tags', array['double precision'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.announce_stale_tags'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_web}', 'who may call it') from pg_proc p where p.oid = 'http.announce_stale_tags'::regproc;

delete from base.touched_tags;
insert into base.touched_tags (xid, tag, touched_at) values ('4', 'tap:1', clock_timestamp() + interval '1 hour');
set session authorization plinth_web;
select ok(not http.announce_stale_tags(), 'what is fresh is for its writer to bump');
reset session authorization;
insert into base.touched_tags (xid, tag, touched_at) values
  ('3', 'tap:1', clock_timestamp() - interval '1 hour'), ('3', 'tap:2', clock_timestamp() - interval '3 s');
set session authorization plinth_web;
select ok(http.announce_stale_tags(), 'what was left behind is told of');
select ok(not http.announce_stale_tags(7200), 'how old is up to who asks');
reset session authorization;
select is((select count(*) from base.touched_tags), 3::bigint, 'the record stays for who bumps');

set session authorization plinth_operator;
select throws_ok('select http.announce_stale_tags()', '42501', null, 'operators do not sweep');
reset session authorization;
set session authorization plinth_reader;
select throws_ok('select http.announce_stale_tags()', '42501', null, 'nor do readers');
reset session authorization;

select * from finish();
rollback;
