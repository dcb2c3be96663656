-- core.fold_metrics: adds counts to the rollups by the hour.
--
-- Locks   analytics.api_metrics in the order of its key
create or replace function core.fold_metrics(p_counts analytics.api_metrics[])
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into analytics.api_metrics as m
  select c.* from unnest(p_counts) c
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
$$;

comment on function core.fold_metrics(analytics.api_metrics[]) is 'Adds counts of usage to the rollups by the hour';
grant execute on function core.fold_metrics(analytics.api_metrics[]) to plinth_system;
