-- api.v_skill_statistics: how everybody's runs of each skill went in the last 30 days (UTC, with today), exact at every
-- moment. Owned by plinth_system, because it counts all users; it shows nothing of theirs.
create or replace view api.v_skill_statistics as
with counted as (
  select k.skill_name as key, k.*
    from (select s.day, s.skill_name, s.status, s.from_us, s.below_us, s.runs, s.duration_us, s.slowest_us, s.last_error_kind,
                 s.last_finished_at
            from chat.skill_stats s
          union all
          select u.day, u.skill_name, u.status, u.from_us, u.below_us, 1, u.duration_us, u.duration_us, u.error_kind,
                 u.finished_at
            from chat.unfolded_executions u) k
   where k.day > (now() at time zone 'UTC')::date - 30
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
select k.name,
       k.version,
       k.enabled,
       coalesce(s.runs, 0) as runs,
       coalesce(s.succeeded, 0) as succeeded,
       coalesce(s.failed, 0) as failed,
       coalesce(s.timed_out, 0) as timed_out,
       coalesce(s.cancelled, 0) as cancelled,
       round(s.succeeded::numeric / nullif(s.succeeded + s.failed + s.timed_out, 0), 4) as success_rate,
       round(s.duration_us / 1000 / s.timed, 3) as average_ms,
       round(p50.us / 1000, 3) as p50_ms,
       round(p95.us / 1000, 3) as p95_ms,
       round(s.slowest_us / 1000.0, 3) as slowest_ms,
       l.last_error_kind,
       l.last_error_at,
       s.last_run_at
  from chat.skills k
  left join summed s on s.key = k.name
  left join lost l on l.key = k.name
  left join placed p50 on p50.key = k.name and p50.share = 0.5
  left join placed p95 on p95.key = k.name and p95.share = 0.95
 where k.current;

comment on view api.v_skill_statistics is 'How everybody''s runs of each skill went in the last 30 days';
comment on column api.v_skill_statistics.name is 'The skill';
comment on column api.v_skill_statistics.version is 'Its current version; the numbers are of all versions';
comment on column api.v_skill_statistics.enabled is 'Whether that may be run';
comment on column api.v_skill_statistics.runs is 'Runs that ended';
comment on column api.v_skill_statistics.succeeded is 'Of those, succeeded';
comment on column api.v_skill_statistics.failed is 'Of those, failed';
comment on column api.v_skill_statistics.timed_out is 'Of those, not finished in time';
comment on column api.v_skill_statistics.cancelled is 'Of those, cancelled';
comment on column api.v_skill_statistics.success_rate is 'Share that succeeded of what succeeded, failed or timed out';
comment on column api.v_skill_statistics.average_ms is 'Milliseconds a run took that succeeded or failed, on average';
comment on column api.v_skill_statistics.p50_ms is 'Half of them took no longer; an estimate from a histogram';
comment on column api.v_skill_statistics.p95_ms is '95 % of them took no longer; an estimate from a histogram';
comment on column api.v_skill_statistics.slowest_ms is 'The slowest of them';
comment on column api.v_skill_statistics.last_error_kind is 'How the last one failed that did';
comment on column api.v_skill_statistics.last_error_at is 'When that was';
comment on column api.v_skill_statistics.last_run_at is 'When the last one ended';
grant select on api.v_skill_statistics to plinth_reader, plinth_operator;
alter view api.v_skill_statistics owner to plinth_system;
