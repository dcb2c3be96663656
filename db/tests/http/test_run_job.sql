-- http.run_job: runs one job that is due, unless another worker is at it.
begin;
select plan(18);

select is(pg_get_function_arguments('http.run_job'::regproc), 'p_name text', 'arguments');
select is(pg_get_function_result('http.run_job'::regproc), 'integer', 'result');
select volatility_is('http', 'run_job', array['text'], 'volatile');
select is_definer('http', 'run_job', array['text']);
select function_owner_is('http', 'run_job', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.run_job'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_web}', 'who may call it') from pg_proc p where p.oid = 'http.run_job'::regproc;

create temp table worked (rows integer);
grant all on worked to plinth_owner;
select set_config('tap.rows', '7', true);
create function core.tap_work(p_limit integer) returns integer language sql
  as 'select current_setting(''tap.rows'')::integer * p_limit / 1000';
create function core.tap_fails(p_limit integer) returns integer language plpgsql
  as 'begin raise division_by_zero; end';
alter function core.tap_work(integer) owner to plinth_owner;
alter function core.tap_fails(integer) owner to plinth_owner;
select http.schedule('core.tap_work', '1 hour');
select http.schedule('core.tap_fails', '1 hour');
update ops.job_runs set failures = 3, error = 'of before' where name = 'core.tap_work';

set session authorization plinth_web;
select is(http.run_job('core.tap_work'), 7, 'it runs, and says how many rows there were');
select is(http.run_job('core.tap_work'), null, 'it is not due again');
select is(http.run_job('core.tap_nowhere'), null, 'what is no job does not run');
select is(http.run_job(null), null, 'nor does nothing');
select throws_ok($$ select http.run_job('core.tap_fails') $$, '22012', null, 'a failure is the caller''s to report');
reset session authorization;
select results_eq(
  $$ select r.rows, r.failures, r.error, r.seconds >= 0, r.finished_at >= now(), date_trunc('minute', r.next_run_at - now())
       from ops.job_runs r where r.name = 'core.tap_work' $$,
  $$ values (7, 0, null::text, true, true, interval '1 hour') $$, 'on record; due again after the interval');
select ok(r.next_run_at <= now(), 'what failed is due as before') from ops.job_runs r where r.name = 'core.tap_fails';

select set_config('tap.rows', '1000', true);
update ops.job_runs set next_run_at = now() where name = 'core.tap_work';
set session authorization plinth_web;
select is(http.run_job('core.tap_work'), 1000, 'a full batch');
select is(http.run_job('core.tap_work'), 1000, 'is due again at once');
reset session authorization;

set session authorization plinth_operator;
select throws_ok($$ select http.run_job('core.tap_work') $$, '42501', null, 'operators do not');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select http.run_job('core.tap_work') $$, '42501', null, 'readers do not');
reset session authorization;

select * from finish();
rollback;
