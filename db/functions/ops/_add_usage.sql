-- core.add_usage: adds rows to ops.api_usage and folds exactly those into the rollups, in the same transaction. Returns
-- how many were new. A row that is there already is passed over, so a batch that is sent again counts once. When
-- something happened decides where it counts, not when it came.
--
-- Locks   ops.api_usage in the order of its key, so that senders of the same rows wait for each other and never
--         deadlock; then those of core.fold_usage
-- Owned by plinth_system: one batch holds the calls of many users.
create or replace function core.add_usage(p_rows ops.api_usage[])
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_added  integer;
  v_counts analytics.api_metrics[];
begin
  with added as (
    insert into ops.api_usage
    select r.* from unnest(p_rows) r order by r.user_id, r.id
    on conflict do nothing
    returning *
  ), counted as (
    select a.user_id, date_trunc('hour', a.at, 'UTC') as hour, a.route, a.method,
           coalesce(a.status / 100, 0)::smallint as status_class, a.model,
           count(*) as calls, coalesce(sum(a.tokens_in), 0)::bigint, coalesce(sum(a.tokens_out), 0)::bigint,
           coalesce(sum(a.cost), 0), coalesce(sum(a.duration_us), 0)::bigint, coalesce(max(a.duration_us), 0),
           array[count(*) filter (where d.slot = 0), count(*) filter (where d.slot = 1),
                 count(*) filter (where d.slot = 2), count(*) filter (where d.slot = 3),
                 count(*) filter (where d.slot = 4), count(*) filter (where d.slot = 5),
                 count(*) filter (where d.slot = 6), count(*) filter (where d.slot = 7),
                 count(*) filter (where d.slot = 8), count(*) filter (where d.slot = 9),
                 count(*) filter (where d.slot = 10), count(*) filter (where d.slot = 11),
                 count(*) filter (where d.slot = 12), count(*) filter (where d.slot = 13)]
      from added a
     cross join lateral (select width_bucket(a.duration_us, analytics.duration_bounds()) as slot) d
     group by 1, 2, 3, 4, 5, 6
  )
  select sum(c.calls), array_agg(c::analytics.api_metrics) into v_added, v_counts from counted c;

  perform core.fold_usage(v_counts);
  return coalesce(v_added, 0);
end
$$;

comment on function core.add_usage(ops.api_usage[]) is
  'Adds rows of usage that are not there yet, and counts them in the rollups; returns how many';
alter function core.add_usage(ops.api_usage[]) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.add_usage(ops.api_usage[]) to plinth_owner;
set local role plinth_owner;
