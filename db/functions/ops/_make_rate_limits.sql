-- core.make_rate_limits: makes the rows of these subjects where there are none.
--
-- Rules   p_users names the user of each subject, NULL for an address.
-- Locks   the new rows, in the order of their subjects
create or replace function core.make_rate_limits(p_subjects text[], p_users uuid[])
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into ops.rate_limit_tracking (subject, user_id)
  select distinct s.subject collate "C", s.user_id
    from unnest(p_subjects, p_users) as s (subject, user_id)
   where not exists (select from ops.rate_limit_tracking t where t.subject = s.subject)
   order by 1
      on conflict (subject) do nothing
$$;

comment on function core.make_rate_limits(text[], uuid[]) is 'Makes the rows of these subjects where there are none';
grant execute on function core.make_rate_limits(text[], uuid[]) to plinth_system;
