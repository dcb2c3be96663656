-- http.fail_job: records that a job failed, and puts it off.
begin;
select plan(16);

select is(pg_get_function_arguments('http.fail_job'::regproc), 'p_name text, p_error text', 'arguments');
select is(pg_get_function_result('http.fail_job'::regproc), 'void', 'result');
select volatility_is('http', 'fail_job', array['text', 'text'], 'volatile');
select is_definer('http', 'fail_job', array['text', 'text']);
select function_owner_is('http', 'fail_job', array['text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.fail_job'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_web}', 'who may call it') from pg_proc p where p.oid = 'http.fail_job'::regproc;

insert into http.jobs (name, every, file) values ('core.tap_a', '10 minutes', 'tap'), ('core.tap_b', '1 day', 'tap');
insert into ops.job_runs (name) values ('core.tap_a'), ('core.tap_b');
create function pg_temp.put_off(p_name text) returns interval language sql volatile as $$
  select date_trunc('minute', r.next_run_at - clock_timestamp() + interval '30 s') from ops.job_runs r where r.name = p_name
$$;

set session authorization plinth_web;
select lives_ok($$ select http.fail_job('core.tap_a', repeat('x', 2000)) $$, 'the worker reports');
reset session authorization;
select results_eq($$ select r.failures, length(r.error) from ops.job_runs r where r.name = 'core.tap_a' $$,
                  $$ values (1, 1000) $$, 'counted, with what it said');
select is((select r.failures from ops.job_runs r where r.name = 'core.tap_b'), 0, 'for no other job');
select is(pg_temp.put_off('core.tap_a'), '10 minutes', 'by its interval');
select http.fail_job('core.tap_a', 'again');
select is(pg_temp.put_off('core.tap_a'), '20 minutes', 'then by twice that');
select http.fail_job('core.tap_a', 'again') from generate_series(1, 40);
select is(pg_temp.put_off('core.tap_a'), '1 hour', 'at most by an hour');
select http.fail_job('core.tap_b', 'once');
select is(pg_temp.put_off('core.tap_b'), '1 day', 'but never less than its interval');

set session authorization plinth_operator;
select throws_ok($$ select http.fail_job('core.tap_a', 'x') $$, '42501', null, 'operators do not');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select http.fail_job('core.tap_a', 'x') $$, '42501', null, 'readers do not');
reset session authorization;

select * from finish();
rollback;
