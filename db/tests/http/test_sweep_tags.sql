-- http.sweep_tags: sees to tags that were touched a while ago and that nobody reported as bumped.
begin;
select plan(18);

select is(pg_get_function_arguments('http.sweep_tags'::regproc), 'p_kept boolean, p_seconds double precision DEFAULT 2',
          'arguments');
select is(pg_get_function_result('http.sweep_tags'::regproc), 'boolean', 'result');
select volatility_is('http', 'sweep_tags', array['boolean', 'double precision'], 'volatile');
select is_definer('http', 'sweep_tags', array['boolean', 'double precision']);
select function_owner_is('http', 'sweep_tags', array['boolean', 'double precision'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.sweep_tags'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_web}', 'who may call it') from pg_proc p where p.oid = 'http.sweep_tags'::regproc;

delete from base.touched_tags;
insert into base.touched_tags (xid, tag, touched_at) values
  ('3', 'tap:1', clock_timestamp() - interval '1 hour'), ('3', 'tap:2', clock_timestamp() - interval '3 s'),
  ('4', 'tap:1', clock_timestamp() + interval '1 hour');
set session authorization plinth_web;
select ok(http.sweep_tags(true), 'what was left behind is told of');
select ok(not http.sweep_tags(true, 7200), 'how old is up to who asks');
select ok(not http.sweep_tags(false, 7200), 'also of what goes');
reset session authorization;
select is((select count(*) from base.touched_tags), 3::bigint, 'the record stays for who bumps');

set session authorization plinth_web;
select ok(http.sweep_tags(false), 'without copies it is forgotten');
reset session authorization;
select results_eq('select xid::text, tag from base.touched_tags', $$ values ('4', 'tap:1') $$, 'but for what is fresh');
set session authorization plinth_web;
select ok(not http.sweep_tags(false), 'nothing is left behind');
reset session authorization;

insert into base.touched_tags (xid, tag, touched_at)
select (g + 100)::text::xid8, 'tap:many', clock_timestamp() - interval '2 hours' from generate_series(1, 1500) g;
set session authorization plinth_web;
select ok(http.sweep_tags(false), 'much is forgotten');
reset session authorization;
select is((select count(*) from base.touched_tags where tag = 'tap:many'), 500::bigint, 'a thousand at a time');

set session authorization plinth_operator;
select throws_ok('select http.sweep_tags(true)', '42501', null, 'operators do not sweep');
reset session authorization;
set session authorization plinth_reader;
select throws_ok('select http.sweep_tags(false)', '42501', null, 'nor do readers');
reset session authorization;

select * from finish();
rollback;
