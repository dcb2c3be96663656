-- http.replica_state: whether this server is a replica, and the last beats it has.
begin;
select plan(11);

select is(pg_get_function_arguments('http.replica_state'::regproc), '', 'arguments');
select is(pg_get_function_result('http.replica_state'::regproc), 'TABLE(in_recovery boolean, beats uuid[])', 'result');
select volatility_is('http', 'replica_state', '{}'::name[], 'stable');
select is_definer('http', 'replica_state', '{}'::name[]);
select function_owner_is('http', 'replica_state', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.replica_state'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.replica_state'::regproc;

delete from http.beats;
set session authorization plinth_web;
select results_eq('select * from http.replica_state()', $$ values (false, '{}'::uuid[]) $$, 'a primary that never beat');
reset session authorization;
insert into http.beats values
  ('019e0000-0000-7000-8000-00000000d502', now()), ('019e0000-0000-7000-8000-00000000d501', now());
select results_eq('select * from http.replica_state()', $$ values (false, array(
                    select b.id from http.beats b order by b.id desc)) $$, 'the last ones');
select is(pg_is_in_recovery(), false, 'tests run on a primary');
set session authorization plinth_reader;
select throws_ok('select http.replica_state()', '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
