-- core.lock_rate_limits: makes the rows of these subjects where there are none, and locks all of them.
--
-- Rules   p_users names the user of each subject, NULL for an address.
-- Locks   the rows of ops.rate_limit_tracking, in the order of their subjects, so that none waits for another
create or replace function core.lock_rate_limits(p_subjects text[], p_users uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.make_rate_limits(p_subjects, p_users);

  perform from ops.rate_limit_tracking t
    where t.subject = any (p_subjects)
    order by t.subject collate "C"
      for no key update;
end
$$;

comment on function core.lock_rate_limits(text[], uuid[]) is
  'Makes the rows of these subjects, and locks them in order';
grant execute on function core.lock_rate_limits(text[], uuid[]) to plinth_system;
