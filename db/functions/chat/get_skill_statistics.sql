-- api.get_skill_statistics: how the caller's runs of skills went: how many, how many of them well, how long they
-- took.
--
-- Rules   Days are those in which runs ended (UTC), from and to included; without them the last 30. At most 366 days.
--         Summed by skill, version or day; core.skill_statistics says how. name is one skill. What ended counts at
--         once.
-- Why plan_cache_mode   What was not asked for falls away, and the days are known.
-- Errors  UN001 nobody is signed in; VL001 by, from, to
create or replace function api.get_skill_statistics(
  p_user_id uuid,
  p_name    text default null,
  p_from    date default null,
  p_to      date default null,
  p_by      text default 'skill',
  p_after   text default null,
  p_limit   integer default 50
)
returns table (
  key             text,
  runs            bigint,
  succeeded       bigint,
  failed          bigint,
  timed_out       bigint,
  cancelled       bigint,
  success_rate    numeric,
  average_ms      numeric,
  p50_ms          numeric,
  p95_ms          numeric,
  slowest_ms      numeric,
  last_error_kind text,
  last_error_at   timestamptz,
  last_run_at     timestamptz,
  cursor          text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  v_to   date := coalesce(p_to, (now() at time zone 'UTC')::date);
  v_from date := coalesce(p_from, v_to - 29);
begin
  p_user_id := core.act_for(p_user_id);
  if p_by is null or p_by not in ('skill', 'version', 'day') then
    perform base.raise('VL001', 'by must be skill, version or day', 'by');
  end if;
  if not isfinite(v_to) or not isfinite(v_from) then
    perform base.raise('VL001', 'from and to must be days', case when isfinite(v_to) then 'from' else 'to' end);
  end if;
  if v_to < v_from or v_to - v_from > 365 then
    perform base.raise('VL001', 'from must be at most 365 days before to', 'from');
  end if;
  return query
    with counted as (
      select case p_by when 'skill' then r.skill_name when 'version' then r.skill_name || ' ' || r.skill_version
                       else r.day::text end collate "C" as key, r.*
        from core.user_skill_runs r
       where r.user_id = p_user_id and r.day between v_from and v_to and (p_name is null or r.skill_name = p_name)
    ), summed as (
      select c.key, sum(c.runs)::bigint as runs,
             coalesce(sum(c.runs) filter (where c.status = 'succeeded'), 0)::bigint as succeeded,
             coalesce(sum(c.runs) filter (where c.status = 'failed'), 0)::bigint as failed,
             coalesce(sum(c.runs) filter (where c.status = 'timed_out'), 0)::bigint as timed_out,
             coalesce(sum(c.runs) filter (where c.status = 'cancelled'), 0)::bigint as cancelled,
             sum(c.runs) filter (where c.status in ('succeeded', 'failed')) as timed,
             sum(c.duration_us) filter (where c.status in ('succeeded', 'failed')) as duration_us,
             max(c.slowest_us) filter (where c.status in ('succeeded', 'failed')) as slowest_us,
             max(c.last_finished_at) as last_run_at
        from counted c
       group by c.key
    ), lost as (
      select distinct on (c.key) c.key, c.last_error_kind, c.last_finished_at as last_error_at
        from counted c
       where c.status in ('failed', 'timed_out')
       order by c.key, c.last_finished_at desc
    ), slot as (
      select c.key, c.from_us, min(c.below_us) as below_us, sum(c.runs) as runs,
             sum(sum(c.runs)) over (partition by c.key order by c.from_us) as upto
        from counted c
       where c.status in ('succeeded', 'failed')
       group by c.key, c.from_us
    ), placed as (
      -- Where in its slot the run in question is, as if the runs of the slot were spread evenly.
      select l.key, q.share,
             l.from_us + greatest(least(l.below_us, s.slowest_us) - l.from_us, 0) * (q.share * s.timed - l.upto + l.runs) / l.runs
               as us
        from slot l
        join summed s using (key)
       cross join (values (0.5), (0.95)) q (share)
       where l.upto >= q.share * s.timed and l.upto - l.runs < q.share * s.timed
    )
    select s.key, s.runs, s.succeeded, s.failed, s.timed_out, s.cancelled,
           round(s.succeeded::numeric / nullif(s.succeeded + s.failed + s.timed_out, 0), 4),
           round(s.duration_us / 1000 / s.timed, 3), round(p50.us / 1000, 3), round(p95.us / 1000, 3),
           round(s.slowest_us / 1000.0, 3), l.last_error_kind, l.last_error_at, s.last_run_at, s.key
      from summed s
      left join lost l on l.key = s.key
      left join placed p50 on p50.key = s.key and p50.share = 0.5
      left join placed p95 on p95.key = s.key and p95.share = 0.95
     where p_after is null or s.key > p_after
     order by s.key
     limit p_limit;
end
$$;

comment on function api.get_skill_statistics(uuid, text, date, date, text, text, integer) is
  'How the caller''s runs of skills went';
grant execute on function api.get_skill_statistics(uuid, text, date, date, text, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/skill-statistics', 'api.get_skill_statistics');
