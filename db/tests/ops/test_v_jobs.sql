-- api.v_jobs: what the worker does, and how it went.
begin;
select plan(8);

select view_owner_is('api', 'v_jobs', 'plinth_owner', 'owner');
select columns_are('api', 'v_jobs',
                   array['name', 'every', 'next_run_at', 'finished_at', 'seconds', 'rows', 'failures', 'error']);
insert into http.jobs (name, every, file) values ('core.tap_a', '1 hour', 'tap'), ('core.tap_b', '1 hour', 'tap');
insert into ops.job_runs (name, failures, error) values ('core.tap_a', 2, 'no'), ('core.tap_gone', 0, null);
select results_eq($$ select j.name, j.failures, j.error from api.v_jobs j where j.name like 'core.tap\_%' order by 1 $$,
                  $$ values ('core.tap_a', 2, 'no'), ('core.tap_b', null, null) $$,
                  'registered jobs, also one that never ran; not those that are gone');
select set_eq('select j.name from api.v_jobs j', 'select j.name from http.jobs j', 'every registered one');
select is_empty($$ select j.name from http.jobs j where j.file <> 'tap' and to_regprocedure(j.name || '(integer)') is null $$,
                'each is a function that takes a limit');

set session authorization plinth_reader;
select lives_ok('select * from api.v_jobs', 'a reader sees it');
select throws_ok('select * from ops.job_runs', '42501', null, 'and not the table');
reset session authorization;
set session authorization plinth_web;
select throws_ok('select * from api.v_jobs', '42501', null, 'the layer''s login reads no view');
reset session authorization;

select * from finish();
rollback;
