-- core.clean_attempts: removes what counts no more, and nothing else.
begin;
select plan(12);

select is(pg_get_function_arguments('core.clean_attempts'::regproc), 'p_limit integer', 'arguments');
select is(pg_get_function_result('core.clean_attempts'::regproc), 'integer', 'result');
select volatility_is('core', 'clean_attempts', array['integer'], 'volatile');
select isnt_definer('core', 'clean_attempts', array['integer']);
select function_owner_is('core', 'clean_attempts', array['integer'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.clean_attempts'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.clean_attempts'::regproc;

insert into auth.attempts (kind, subject, address, forget_at)
select 'password', convert_to('tap' || n, 'UTF8'), '', now() + (n - 3) * interval '1 minute' from generate_series(1, 5) n;
select is(core.clean_attempts(2), 2, 'so many at once');
select is(core.clean_attempts(10), 1, 'the rest');
select is(array(select convert_from(a.subject, 'UTF8') from auth.attempts a order by 1), '{tap4,tap5}', 'what counts stays');
select is((select j.every from http.jobs j where j.name = 'core.clean_attempts'), interval '10 minutes', 'it is a job');

set session authorization plinth_web;
select throws_ok($$ select core.clean_attempts(1) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
