-- api.v_jobs: what the worker does, how it last went, and when it is due again.
create or replace view api.v_jobs as
select j.name, j.every, r.next_run_at, r.finished_at, r.seconds, r.rows, r.failures, r.error
  from http.jobs j
  left join ops.job_runs r on r.name = j.name;

comment on view api.v_jobs is 'The worker''s jobs, how each last went, and when it is due again';
comment on column api.v_jobs.name is 'The function';
comment on column api.v_jobs.every is 'How often it runs';
comment on column api.v_jobs.next_run_at is 'When it is due; NULL or long past: no worker runs';
comment on column api.v_jobs.finished_at is 'When it last ended well';
comment on column api.v_jobs.seconds is 'How long that took';
comment on column api.v_jobs.rows is 'How many rows it worked on';
comment on column api.v_jobs.failures is 'Failures in a row';
comment on column api.v_jobs.error is 'What the last failure said';
grant select on api.v_jobs to plinth_system, plinth_reader, plinth_operator;
