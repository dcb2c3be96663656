-- core.add_usage: adds rows to ops.api_usage and folds exactly those into the rollups, in the same transaction. Returns
-- how many were new. A row that is there already is passed over, so a batch that is sent again counts once. When
-- something happened decides where it counts, not when it came.
--
-- Locks   the new rows; analytics.api_metrics, then analytics.daily_users, each in the order of its key, so that
--         batches of several senders wait for each other and never deadlock; the row of the day last, where all meet
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
    insert into ops.api_usage select r.* from unnest(p_rows) r
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

  insert into analytics.api_metrics as m
  select c.* from unnest(v_counts) c
   order by c.user_id, c.hour, c.route, c.method, c.status_class, c.model
  on conflict (user_id, hour, route, method, status_class, model) do update
     set calls = m.calls + excluded.calls,
         tokens_in = m.tokens_in + excluded.tokens_in,
         tokens_out = m.tokens_out + excluded.tokens_out,
         cost = m.cost + excluded.cost,
         duration_us = m.duration_us + excluded.duration_us,
         slowest_us = greatest(m.slowest_us, excluded.slowest_us),
         durations = array[
           m.durations[1] + excluded.durations[1], m.durations[2] + excluded.durations[2],
           m.durations[3] + excluded.durations[3], m.durations[4] + excluded.durations[4],
           m.durations[5] + excluded.durations[5], m.durations[6] + excluded.durations[6],
           m.durations[7] + excluded.durations[7], m.durations[8] + excluded.durations[8],
           m.durations[9] + excluded.durations[9], m.durations[10] + excluded.durations[10],
           m.durations[11] + excluded.durations[11], m.durations[12] + excluded.durations[12],
           m.durations[13] + excluded.durations[13], m.durations[14] + excluded.durations[14]];

  with fresh as (
    insert into analytics.daily_users as u (user_id, day)
    select distinct c.user_id, (c.hour at time zone 'UTC')::date
      from unnest(v_counts) c
     where c.user_id <> '00000000-0000-0000-0000-000000000000'
     order by 1, 2
    on conflict do nothing
    returning u.day
  ), counted as (
    select (c.hour at time zone 'UTC')::date as day,
           coalesce(sum(c.calls) filter (where c.status_class > 0), 0) as calls,
           coalesce(sum(c.calls) filter (where c.status_class >= 4), 0) as errors,
           coalesce(sum(c.calls) filter (where c.status_class >= 5), 0) as failures,
           coalesce(sum(c.calls) filter (where c.status_class = 0), 0) as model_uses,
           sum(c.tokens_in) as tokens_in, sum(c.tokens_out) as tokens_out, sum(c.cost) as cost,
           sum(c.duration_us) as duration_us
      from unnest(v_counts) c
     group by 1
  )
  insert into analytics.daily_stats as s
  select c.day, c.calls, c.errors, c.failures, c.model_uses, c.tokens_in, c.tokens_out, c.cost, c.duration_us,
         (select count(*) from fresh f where f.day = c.day)
    from counted c
   order by c.day
  on conflict (day) do update
     set calls = s.calls + excluded.calls,
         errors = s.errors + excluded.errors,
         failures = s.failures + excluded.failures,
         model_uses = s.model_uses + excluded.model_uses,
         tokens_in = s.tokens_in + excluded.tokens_in,
         tokens_out = s.tokens_out + excluded.tokens_out,
         cost = s.cost + excluded.cost,
         duration_us = s.duration_us + excluded.duration_us,
         active_users = s.active_users + excluded.active_users;

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
