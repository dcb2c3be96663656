-- http.announce_deploy: gives code and routes a new, random version.
-- (That the commit tells the layers takes two sessions: tests/.)
begin;
select plan(15);

select is(pg_get_function_arguments('http.announce_deploy'::regproc), '', 'arguments');
select is(pg_get_function_result('http.announce_deploy'::regproc), 'uuid', 'result');
select volatility_is('http', 'announce_deploy', '{}'::name[], 'volatile');
select isnt_definer('http', 'announce_deploy', '{}'::name[]);
select function_owner_is('http', 'announce_deploy', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.announce_deploy'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.announce_deploy'::regproc;

create temp table seen as select g.version, g.deployed_at from http.registry g;
create temp table told as select http.announce_deploy() as version;
select is((select g.version from http.registry g), (select t.version from told t),
          'it answers with the version now in force');
select isnt((select t.version from told t), (select s.version from seen s), 'a new one');
select is((select g.deployed_at from http.registry g), now(), 'as of now');
select isnt(http.announce_deploy(), (select t.version from told t), 'and another one the next time');
select is((select count(*) from http.registry), 1::bigint, 'there is one row');
select throws_ok('insert into http.registry (id) values (false)', '23514', null, 'and no room for a second');

set session authorization plinth_operator;
select throws_ok('select http.announce_deploy()', '42501', null, 'deploys only');
reset session authorization;
set session authorization plinth_web;
select throws_ok('select http.announce_deploy()', '42501', null, 'not the layer');
reset session authorization;

select * from finish();
rollback;
