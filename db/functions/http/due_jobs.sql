-- http.due_jobs: what the worker has to run now, the longest due first. No row: nothing is due.
create or replace function http.due_jobs()
returns table (names text[])
language sql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(j.name order by r.next_run_at)
    from http.jobs j
    join ops.job_runs r on r.name = j.name
   where r.next_run_at <= clock_timestamp()
  having count(*) > 0
$$;

comment on function http.due_jobs() is 'Names of the jobs that are due';
grant execute on function http.due_jobs() to plinth_web;
