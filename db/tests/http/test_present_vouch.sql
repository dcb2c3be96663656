-- http.present_vouch: refuses everywhere but on a replica that is far enough; there, tests/trust/test_replicas.py asks.
begin;
select plan(10);

select is(pg_get_function_arguments('http.present_vouch'::regproc), 'p_vouch text', 'arguments');
select is(pg_get_function_result('http.present_vouch'::regproc), 'void', 'result');
select volatility_is('http', 'present_vouch', array['text'], 'volatile');
select is_definer('http', 'present_vouch', array['text']);
select function_owner_is('http', 'present_vouch', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.present_vouch'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.present_vouch'::regproc;

set session authorization plinth_web;
select throws_ok(format('select http.present_vouch(%L)', 'v1||||||||||0/0||'), 'SV503', 'This server is no replica',
                 'a primary, or a replica that was promoted');
select is(coalesce(current_setting('plinth.vouch', true), ''), '', 'nothing is presented by that');
reset session authorization;
set session authorization plinth_reader;
select throws_ok('select http.present_vouch(null)', '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
