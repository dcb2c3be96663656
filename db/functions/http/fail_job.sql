-- http.fail_job: records that a job failed, and puts it off by its interval, doubled with each failure in a row, at
-- most by an hour, and never by less than the interval itself.
--
-- Locks   the job's row in ops.job_runs
create or replace function http.fail_job(p_name text, p_error text)
returns void
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  update ops.job_runs r
     set failures = r.failures + 1,
         error = left(p_error, 1000),
         next_run_at = clock_timestamp()
                     + greatest(j.every, least(j.every * (2 ^ least(r.failures, 20)), interval '1 hour'))
    from http.jobs j
   where r.name = p_name and j.name = r.name
$$;

comment on function http.fail_job(text, text) is 'Records the failure of a job and puts it off';
grant execute on function http.fail_job(text, text) to plinth_web;
