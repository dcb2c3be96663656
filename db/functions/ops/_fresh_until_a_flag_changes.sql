-- core.fresh_until_a_flag_changes: says when the next of these flags begins or ends by its schedule: what was answered
-- about them is kept no longer.
create or replace function core.fresh_until_a_flag_changes(p_flags ops.flags[])
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select core.fresh_until(min(e.at))
    from unnest(p_flags) f
   cross join lateral (values (f.starts_at), (f.ends_at)) as e (at)
   where f.enabled and e.at > now()
$$;

comment on function core.fresh_until_a_flag_changes(ops.flags[]) is
  'Keeps an answer about flags no longer than until the next of them begins or ends';
grant execute on function core.fresh_until_a_flag_changes(ops.flags[]) to plinth_system;
