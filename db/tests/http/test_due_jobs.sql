-- http.due_jobs: what the worker has to run now.
begin;
select plan(11);

select is(pg_get_function_arguments('http.due_jobs'::regproc), '', 'arguments');
select is(pg_get_function_result('http.due_jobs'::regproc), 'TABLE(names text[])', 'result');
select volatility_is('http', 'due_jobs', '{}'::name[], 'stable');
select is_definer('http', 'due_jobs', '{}'::name[]);
select function_owner_is('http', 'due_jobs', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.due_jobs'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_web}', 'who may call it') from pg_proc p where p.oid = 'http.due_jobs'::regproc;

delete from http.jobs;
set session authorization plinth_web;
select is_empty('select * from http.due_jobs()', 'nothing is due: no row');
reset session authorization;
insert into http.jobs (name, every, file)
select n, '1 hour', 'tap' from unnest(array['core.tap_a', 'core.tap_b', 'core.tap_c', 'core.tap_d']) n;
insert into ops.job_runs (name, next_run_at) values
  ('core.tap_a', now() - interval '1 s'), ('core.tap_b', now() - interval '1 hour'), ('core.tap_c', 'infinity'),
  ('core.tap_gone', '-infinity');
set session authorization plinth_web;
select results_eq('select * from http.due_jobs()', $$ values ('{core.tap_b,core.tap_a}'::text[]) $$,
                  'the longest due first; not what is due later, nor what is no job any more');
reset session authorization;

set session authorization plinth_operator;
select throws_ok($$ select http.due_jobs() $$, '42501', null, 'operators do not');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select http.due_jobs() $$, '42501', null, 'readers do not');
reset session authorization;

select * from finish();
rollback;
