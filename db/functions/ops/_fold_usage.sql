-- core.fold_usage: adds counts to the rollups. Called in the transaction that adds what is counted.
--
-- Locks   analytics.api_metrics, then analytics.daily_users, each in the order of its key, so that batches of several
--         senders wait for each other and never deadlock; the row of the day last, where all meet
-- Owned by plinth_system: one batch holds the calls of many users.
create or replace function core.fold_usage(p_counts analytics.api_metrics[])
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.fold_metrics(p_counts);

  with fresh as (
    insert into analytics.daily_users as u (user_id, day)
    select distinct c.user_id, (c.hour at time zone 'UTC')::date
      from unnest(p_counts) c
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
      from unnest(p_counts) c
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
end
$$;

comment on function core.fold_usage(analytics.api_metrics[]) is 'Adds counts of usage to the rollups';
alter function core.fold_usage(analytics.api_metrics[]) owner to plinth_system;
