-- core.cleanup_rate_limits: removes what was used more than a day ago and counts in no window any more.
--
-- Locks   the rows it removes, none that somebody else holds
-- Owned by plinth_system: a job for all users and addresses.
create or replace function core.cleanup_rate_limits(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  -- The longest window has 62 parts of 24 minutes, so the day before yesterday is over.
  delete from ops.rate_limit_tracking t
   using (select d.subject from ops.rate_limit_tracking d
           where d.last_used_on < current_date - 1
           order by d.last_used_on
           limit p_limit
             for update skip locked) d
   where t.subject = d.subject;
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

comment on function core.cleanup_rate_limits(integer) is 'Removes what counts in no window any more';
alter function core.cleanup_rate_limits(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it: http.run_job calls it.
set local role plinth_system;
grant execute on function core.cleanup_rate_limits(integer) to plinth_owner;
set local role plinth_owner;
select http.schedule('core.cleanup_rate_limits', '1 hour');
