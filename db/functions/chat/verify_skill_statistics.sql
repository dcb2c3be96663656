-- api.verify_skill_statistics: recounts the statistics of skills from the single runs and returns what disagrees:
-- nothing, unless somebody wrote past the triggers.
--
-- Rules   Days in UTC, both included; without them, all whose runs are still there. sums are those of everybody, or
--         of one user; kept is what they say (with what was not added up yet), counted what a recount says; NULL:
--         there is no such row.
-- Permission usage:read
-- Errors  UN001 nobody is signed in; NP001 permission missing
-- Owned by plinth_system: it counts everybody.
create or replace function api.verify_skill_statistics(
  p_from  date default null,
  p_to    date default null,
  p_after text default null,
  p_limit integer default 50
)
returns table (sums text, key text, kept jsonb, counted jsonb, cursor text)
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  -- A run is dropped with the month it began in, and counted on the day it ended: at most a day later.
  v_from date := greatest(p_from, (select (t.dropped_before at time zone 'UTC')::date + 2 from ops.partitioned_tables t
                                    where t.name = 'chat.function_executions'));
begin
  perform core.require_permission('usage:read');
  perform set_config('plan_cache_mode', 'force_custom_plan', true);
  return query
    with counted as materialized (
      select e.user_id, (e.finished_at at time zone 'UTC')::date as day, e.skill_name, e.skill_version, e.status,
             coalesce((chat.duration_bounds())[width_bucket(e.duration_us, chat.duration_bounds())], 0) as from_us,
             count(*) as runs, sum(e.duration_us) as duration_us, max(e.duration_us) as slowest_us
        from chat.function_executions e
       where e.finished_at is not null
         and (v_from is null or e.finished_at >= v_from::timestamp at time zone 'UTC')
         and (p_to is null or e.finished_at < (p_to + 1)::timestamp at time zone 'UTC')
       group by 1, 2, 3, 4, 5, 6
    ), waiting as materialized (
      select u.user_id, u.day, u.skill_name, u.skill_version, u.status, u.from_us, count(*) as runs,
             sum(u.duration_us) as duration_us, max(u.duration_us) as slowest_us
        from chat.unfolded_executions u
       where (v_from is null or u.day >= v_from) and (p_to is null or u.day <= p_to)
       group by 1, 2, 3, 4, 5, 6
    ), told (sums, key, runs, duration_us, slowest_us, is_kept) as (
      select s.sums, concat_ws(' ', s.user_id, s.day, s.skill_name, s.skill_version, s.status, s.from_us),
             s.runs, s.duration_us, s.slowest_us, s.is_kept
        from (
          select 'user' as sums, c.*, false as is_kept from counted c
          union all
          select 'all', null, c.day, c.skill_name, c.skill_version, c.status, c.from_us, c.runs, c.duration_us, c.slowest_us, false
            from counted c
          union all
          select 'user', w.*, true from waiting w
          union all
          select 'all', null, w.day, w.skill_name, w.skill_version, w.status, w.from_us, w.runs, w.duration_us, w.slowest_us, true
            from waiting w
          union all
          select 'user', k.user_id, k.day, k.skill_name, k.skill_version, k.status, k.from_us, k.runs, k.duration_us,
                 k.slowest_us, true
            from chat.user_skill_stats k where (v_from is null or k.day >= v_from) and (p_to is null or k.day <= p_to)
          union all
          select 'all', null, k.day, k.skill_name, k.skill_version, k.status, k.from_us, k.runs, k.duration_us, k.slowest_us, true
            from chat.skill_stats k where (v_from is null or k.day >= v_from) and (p_to is null or k.day <= p_to)) s
    ), both_ways as (
      select t.sums, t.key,
             jsonb_build_object('runs', sum(t.runs) filter (where t.is_kept),
                                'duration_us', sum(t.duration_us) filter (where t.is_kept),
                                'slowest_us', max(t.slowest_us) filter (where t.is_kept)) as kept,
             jsonb_build_object('runs', sum(t.runs) filter (where not t.is_kept),
                                'duration_us', sum(t.duration_us) filter (where not t.is_kept),
                                'slowest_us', max(t.slowest_us) filter (where not t.is_kept)) as counted
        from told t
       group by t.sums, t.key
    )
    select b.sums, b.key, b.kept, b.counted, concat_ws(' ', b.sums, b.key)
      from both_ways b
     where b.kept <> b.counted and (p_after is null or concat_ws(' ', b.sums, b.key) collate "C" > p_after)
     order by concat_ws(' ', b.sums, b.key) collate "C"
     limit p_limit;
end
$$;

comment on function api.verify_skill_statistics(date, date, text, integer) is
  'Recounts the statistics of skills and returns what disagrees: nothing';
grant execute on function api.verify_skill_statistics(date, date, text, integer) to plinth_web, plinth_operator;
alter function api.verify_skill_statistics(date, date, text, integer) owner to plinth_system;
select http.expose('GET /v1/admin/skill-statistics/verification', 'api.verify_skill_statistics', permission => 'usage:read',
                   lane => 'slow');
