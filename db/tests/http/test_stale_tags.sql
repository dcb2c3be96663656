-- http.stale_tags: tags that were touched a while ago and that nobody reported as bumped.
begin;
select plan(14);

select is(pg_get_function_arguments('http.stale_tags'::regproc), 'p_seconds double precision DEFAULT 2', 'arguments');
select is(pg_get_function_result('http.stale_tags'::regproc), 'TABLE(xids text[], tags text[])', 'result');
select volatility_is('http', 'stale_tags', array['double precision'], 'stable');
select is_definer('http', 'stale_tags', array['double precision']);
select function_owner_is('http', 'stale_tags', array['double precision'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.stale_tags'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_web}', 'who may call it') from pg_proc p where p.oid = 'http.stale_tags'::regproc;

delete from base.touched_tags;
set session authorization plinth_web;
select is_empty('select * from http.stale_tags()', 'nothing is stale: no row');
reset session authorization;

insert into base.touched_tags (xid, tag, touched_at) values
  ('3', 'tap:1', clock_timestamp() - interval '61 min'), ('3', 'tap:2', clock_timestamp() - interval '1 hour'),
  ('4', 'tap:1', clock_timestamp() - interval '3 s'), ('5', 'tap:3', clock_timestamp() + interval '1 hour');
set session authorization plinth_web;
select results_eq('select * from http.stale_tags()', $$ values ('{3,3,4}'::text[], '{tap:1,tap:2,tap:1}'::text[]) $$,
                  'one row: each tag beside its transaction; not what is fresh');
select results_eq('select * from http.stale_tags(600)', $$ values ('{3,3}'::text[], '{tap:1,tap:2}'::text[]) $$,
                  'how old is up to who asks');
select is_empty('select * from http.stale_tags(7200)', 'none is that old');
reset session authorization;

insert into base.touched_tags (xid, tag, touched_at)
select (g + 100)::text::xid8, 'tap:many', clock_timestamp() - interval '2 hours' from generate_series(1, 1500) g;
select results_eq('select cardinality(s.xids), s.tags from http.stale_tags() s',
                  $$ values (1000, array_fill('tap:many'::text, array[1000])) $$, 'the oldest thousand at a time');

set session authorization plinth_operator;
select throws_ok('select http.stale_tags()', '42501', null, 'operators do not sweep');
reset session authorization;
set session authorization plinth_reader;
select throws_ok('select http.stale_tags()', '42501', null, 'nor do readers');
reset session authorization;

select * from finish();
rollback;
