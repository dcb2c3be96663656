-- api.check_password_strength: how hard a password is to guess, before it is anybody's.
begin;
select plan(19);

select is(pg_get_function_arguments('api.check_password_strength'::regproc),
  'p_password text, p_context text[] DEFAULT ''{}''::text[]', 'arguments');
select is(pg_get_function_result('api.check_password_strength'::regproc),
  'TABLE(score integer, acceptable boolean, reasons text[])', 'result');
select volatility_is('api', 'check_password_strength', array['text', 'text[]'], 'stable');
select is_definer('api', 'check_password_strength', array['text', 'text[]']);
select function_owner_is('api', 'check_password_strength', array['text', 'text[]'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.check_password_strength'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.check_password_strength'::regproc;

select results_eq($$ select * from api.check_password_strength('correct horse battery') $$,
                  $$ values (100, true, '{}'::text[]) $$, 'a good one');
select results_eq($$ select * from api.check_password_strength('password') $$,
                  $$ values (5, false, '{a common password,fewer than 15 characters}'::text[]) $$, 'a bad one');
select results_eq($$ select s.acceptable, s.reasons from api.check_password_strength('annabella-qxzvkwm', '{annabella}') s $$,
                  $$ values (true, array['your name, your address or the product''s name']) $$, 'with a name in it');
select results_eq($$ select * from api.check_password_strength(null, null) $$,
                  $$ values (0, false, '{fewer than 15 characters}'::text[]) $$, 'none');
select throws_ok($$ select * from api.check_password_strength(repeat('x', 1025)) $$, 'VL001', null, 'too long');
select throws_ok($$ select * from api.check_password_strength('x', array_fill('y'::text, array[21])) $$, 'VL001', null,
                 'too many words');
select throws_ok($$ select * from api.check_password_strength('x', array[repeat('y', 2001)]) $$, 'VL001', null, 'too much of them');

select is((select count(*) from api.check_password_strength('correct horse battery') s
            where s.acceptable <> (core.password_fault('correct horse battery', 15, '{}') is null)), 0::bigint,
          'as registration has it');
set session authorization plinth_web;
select isnt_empty($$ select * from api.check_password_strength('x') $$, 'anybody may ask');
reset session authorization;
select is_empty($$ select from http.routes r where r.function_name = 'api.check_password_strength' and r.lane <> 'read' $$,
                'it writes nothing');
select is_empty($$ select from ops.audit_logs where occurred_at >= now() $$, 'nowhere');

set session authorization plinth_reader;
select throws_ok($$ select api.check_password_strength('x') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
