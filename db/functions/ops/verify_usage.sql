-- api.verify_usage: recounts the rollups from the single calls and returns the rows that disagree: none, unless
-- somebody wrote past core.add_usage.
--
-- Rules   Days in UTC, both included; without them, all whose calls are still there. kept is what the rollup says,
--         counted what a recount says; NULL: there is no such row.
-- Permission usage:read
-- Errors  UN001 nobody is signed in; NP001 permission missing
-- Owned by plinth_system: it counts everybody.
create or replace function api.verify_usage(
  p_from  date default null,
  p_to    date default null,
  p_after text default null,
  p_limit integer default 50
)
returns table (rollup text, key text, kept jsonb, counted jsonb, cursor text)
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_from timestamptz := greatest(p_from::timestamp at time zone 'UTC',
                                 (select t.dropped_before from ops.partitioned_tables t where t.name = 'ops.api_usage'));
  v_to   timestamptz := (p_to + 1)::timestamp at time zone 'UTC';
begin
  perform core.require_permission('usage:read');
  perform set_config('plan_cache_mode', 'force_custom_plan', true);
  return query
    with counted as materialized (
      select u.user_id, date_trunc('hour', u.at, 'UTC') as hour, u.route, u.method,
             coalesce(u.status / 100, 0)::smallint as status_class, u.model,
             count(*) as calls, coalesce(sum(u.tokens_in), 0)::bigint as tokens_in,
             coalesce(sum(u.tokens_out), 0)::bigint as tokens_out, coalesce(sum(u.cost), 0) as cost,
             coalesce(sum(u.duration_us), 0)::bigint as duration_us, coalesce(max(u.duration_us), 0) as slowest_us,
             (select array_agg((select count(*) from unnest(array_agg(u.duration_us)) d
                                 where width_bucket(d, analytics.duration_bounds()) = n) order by n)
                from generate_series(0, cardinality(analytics.duration_bounds())) n) as durations
        from ops.api_usage u
       where (v_from is null or u.id >= base.first_id(v_from)) and (v_to is null or u.id < base.first_id(v_to))
       group by 1, 2, 3, 4, 5, 6
    ), day_counted as (
      select (c.hour at time zone 'UTC')::date as day,
             coalesce(sum(c.calls) filter (where c.status_class > 0), 0) as calls,
             coalesce(sum(c.calls) filter (where c.status_class >= 4), 0) as errors,
             coalesce(sum(c.calls) filter (where c.status_class >= 5), 0) as failures,
             coalesce(sum(c.calls) filter (where c.status_class = 0), 0) as model_uses,
             sum(c.tokens_in) as tokens_in, sum(c.tokens_out) as tokens_out, sum(c.cost) as cost,
             sum(c.duration_us) as duration_us,
             count(distinct c.user_id) filter (where c.user_id <> '00000000-0000-0000-0000-000000000000') as active_users
        from counted c
       group by 1
    ), both_ways as (
      select 'analytics.api_metrics' as rollup,
             concat_ws(' ', user_id, to_char(hour at time zone 'UTC', 'YYYY-MM-DD"T"HH24'), method, route,
                       status_class, model) as key,
             to_jsonb(m) as kept, to_jsonb(c) as counted
        from (select a.* from analytics.api_metrics a
               where (v_from is null or a.hour >= v_from) and (v_to is null or a.hour < v_to)) m
        full join counted c using (user_id, hour, route, method, status_class, model)
      union all
      select 'analytics.daily_stats', day::text, to_jsonb(s), to_jsonb(d)
        from (select a.* from analytics.daily_stats a
               where (v_from is null or a.day >= (v_from at time zone 'UTC')::date) and (p_to is null or a.day <= p_to)) s
        full join day_counted d using (day)
    )
    select b.rollup, b.key, b.kept, b.counted, concat_ws(' ', b.rollup, b.key)
      from both_ways b
     where b.kept is distinct from b.counted and (p_after is null or concat_ws(' ', b.rollup, b.key) collate "C" > p_after)
     order by concat_ws(' ', b.rollup, b.key) collate "C"
     limit p_limit;
end
$$;

comment on function api.verify_usage(date, date, text, integer) is
  'Recounts the rollups of usage and returns the rows that disagree: none';
grant execute on function api.verify_usage(date, date, text, integer) to plinth_web, plinth_operator;
alter function api.verify_usage(date, date, text, integer) owner to plinth_system;
select http.expose('GET /v1/admin/usage/verification', 'api.verify_usage', permission => 'usage:read', lane => 'slow');
