-- http.health: what /readyz and the console show of the database.
begin;
select plan(19);

select is(pg_get_function_arguments('http.health'::regproc), '', 'arguments');
select is(pg_get_function_result('http.health'::regproc),
  'TABLE(database_version text, schema_version text, registry_version uuid, '
  'deployed_at timestamp with time zone, in_recovery boolean, connections integer, '
  'connections_limit integer, undelivered_tags bigint)', 'result');
select volatility_is('http', 'health', '{}'::name[], 'stable');
select is_definer('http', 'health', '{}'::name[]);
select function_owner_is('http', 'health', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.health'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.health'::regproc;

insert into ops.schema_migrations (version, name, title, checksum, statements_done)
select (select coalesce(max(m.version), 0) from ops.schema_migrations m) + n, 'V_tap', 'Of this test', repeat('0', 64), 1
  from generate_series(1, 2) n;
delete from base.touched_tags;
insert into base.touched_tags (xid, tag) values ('3', 'tap:1'), ('4', 'tap:1');

create temp table health as select * from http.health();
select is((select count(*) from health), 1::bigint, 'one row');
select is(h.database_version, current_setting('server_version'), 'version of the server') from health h;
select is(h.schema_version, (select max(m.version)::text from ops.schema_migrations m), 'last migration') from health h;
select results_eq('select h.registry_version, h.deployed_at from health h', 'select g.version, g.deployed_at from http.registry g',
                  'version of the code');
select is(h.in_recovery, pg_is_in_recovery(), 'primary or replica') from health h;
select cmp_ok(h.connections, '>=', 1, 'connections: at least this one') from health h;
select is(h.connections_limit, current_setting('max_connections')::integer, 'connections there may be') from health h;
select is(h.undelivered_tags, 2::bigint, 'tags nobody bumped yet') from health h;
insert into base.touched_tags (xid, tag) select (g + 100)::text::xid8, 'tap:1' from generate_series(1, 10001) g;
select is((select h.undelivered_tags from http.health() h), 10000::bigint, 'counted up to ten thousand');

set session authorization plinth_web;
select lives_ok('select * from http.health()', 'the layer asks');
reset session authorization;
set session authorization plinth_operator;
select lives_ok('select * from http.health()', 'operators ask');
reset session authorization;
set session authorization plinth_reader;
select throws_ok('select * from http.health()', '42501', null, 'readers do not');
reset session authorization;

select * from finish();
rollback;
