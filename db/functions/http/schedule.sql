-- http.schedule: makes a function a job of the worker. Stands at the end of the function's own file.
--
-- Rules   The function is core.<name>(p_limit integer) returns integer: it works on at most so many rows, in one
--         transaction, and returns how many there were. As many as the limit: there may be more, it is due at once.
-- Used by deploys only; granted to nobody else.
create or replace function http.schedule(function text, every interval)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regprocedure(function || '(integer)') is null then
    raise exception '% cannot be a job: it does not take one integer', function using errcode = '22023';
  end if;

  insert into http.jobs (name, every, file)
  values (function, every, coalesce(nullif(current_setting('plinth.file', true), ''), 'psql'));
  insert into ops.job_runs (name) values (function) on conflict do nothing;
end
$$;

comment on function http.schedule(text, interval) is 'Registers a job; called from the function''s own file';
