-- http.schedule: makes a function a job of the worker.
begin;
select plan(15);

select is(pg_get_function_arguments('http.schedule'::regproc), 'function text, every interval', 'arguments');
select is(pg_get_function_result('http.schedule'::regproc), 'void', 'result');
select volatility_is('http', 'schedule', array['text', 'interval'], 'volatile');
select isnt_definer('http', 'schedule', array['text', 'interval']);
select function_owner_is('http', 'schedule', array['text', 'interval'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.schedule'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.schedule'::regproc;

create function core.tap_work(p_limit integer) returns integer language sql as 'select p_limit';
create function core.tap_other(p_limit text) returns integer language sql as 'select 1';
select set_config('plinth.file', 'db/functions/tap/work.sql', true);
select http.schedule('core.tap_work', '10 minutes');
select results_eq($$ select j.* from http.jobs j where j.name = 'core.tap_work' $$,
  $$ values ('core.tap_work', interval '10 minutes', 'db/functions/tap/work.sql') $$, 'name, interval, file');
select results_eq($$ select r.next_run_at <= now(), r.failures from ops.job_runs r where r.name = 'core.tap_work' $$,
  $$ values (true, 0) $$, 'it is due at once');

-- A deploy makes the registry anew; when the job is due next stays.
update ops.job_runs set next_run_at = 'infinity' where name = 'core.tap_work';
delete from http.jobs where name = 'core.tap_work';
select http.schedule('core.tap_work', '1 minute');
select is(r.next_run_at, 'infinity', 'its record outlives a deploy') from ops.job_runs r where r.name = 'core.tap_work';
select throws_ok($$ select http.schedule('core.tap_work', '1 minute') $$, '23505', null, 'once');
select throws_ok($$ select http.schedule('core.tap_other', '1 minute') $$,
  '22023', 'core.tap_other cannot be a job: it does not take one integer', 'a function of another kind is refused');
select throws_ok($$ select http.schedule('core.tap_no', '1 minute') $$, '22023', null, 'so is one that is not there');

set session authorization plinth_operator;
select throws_ok($$ select http.schedule('core.tap_work', '1 minute') $$, '42501', null, 'operators do not');
reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select http.schedule('core.tap_work', '1 minute') $$, '42501', null, 'nor does the layer');
reset session authorization;

select * from finish();
rollback;
