-- http.run_job: runs one job, if it is still due and no other worker is at it. Returns the rows it worked on, or NULL.
--
-- Rules   The job, its record and the next date are one transaction: killed in the middle, it is due as before.
--         A failure undoes all of it; the worker then reports it to http.fail_job.
-- Locks   the job's row in ops.job_runs, for as long as it runs; then what the job locks
create or replace function http.run_job(p_name text)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  c_limit constant integer := 1000;
  v_begun timestamptz := clock_timestamp();
  v_every interval;
  v_rows  integer;
begin
  select j.every into v_every
    from ops.job_runs r
    join http.jobs j on j.name = r.name
   where r.name = p_name and r.next_run_at <= v_begun
     for update of r skip locked;
  if not found then
    return null;
  end if;

  execute format('select %s($1)', to_regprocedure(p_name || '(integer)')::regproc) into v_rows using c_limit;

  update ops.job_runs r
     set next_run_at = clock_timestamp() + case when v_rows >= c_limit then interval '0' else v_every end,
         finished_at = clock_timestamp(),
         seconds = extract(epoch from clock_timestamp() - v_begun),
         rows = v_rows, failures = 0, error = null
   where r.name = p_name;
  return v_rows;
end
$$;

comment on function http.run_job(text) is 'Runs a job that is due, unless another worker is at it';
grant execute on function http.run_job(text) to plinth_web;
