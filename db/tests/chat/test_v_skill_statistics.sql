-- api.v_skill_statistics: how everybody's runs of each skill went in the last 30 days, exact at every moment.
begin;
select plan(9);

select is(array(select a.attname::text from pg_attribute a where a.attrelid = 'api.v_skill_statistics'::regclass
  and a.attnum > 0
                 order by a.attnum),
  '{name,version,enabled,runs,succeeded,failed,timed_out,cancelled,success_rate,average_ms,p50_ms,p95_ms,slowest_ms,'
  'last_error_kind,last_error_at,last_run_at}', 'columns: nothing of any user');

insert into auth.users (id, username, email)
select ('019e0000-0000-7000-8000-00000005600' || n)::uuid, 'tap_stats_' || n, 'tap_stats_' || n || '@example.org'
  from generate_series(1, 3) n;
insert into chat.skills (name, version, description, current) values
  ('TapCounted', '1.0.0', 'x', false), ('TapCounted', '2.0.0', 'x', true), ('TapIdle', '1.0.0', 'x', true);
create temp view planted as
select ('019e0000-0000-7000-8000-00000005600' || n % 3 + 1)::uuid as user_id, n % 2 + 1 || '.0.0' as version,
       case when n % 20 = 0 then 'failed' when n % 33 = 0 then 'timed_out' when n % 47 = 0 then 'cancelled'
            else 'succeeded' end as status,
       case when n % 400 = 0 then interval '30 days' else n % 29 * interval '1 day' end as ago,
       (10 * power(10, n * 7919 % 4000 / 1000.0))::numeric(12, 3) as ms
  from generate_series(1, 4000) n;
insert into chat.function_executions (user_id, skill_name, skill_version, status, started_at, expires_at,
  finished_at, error_kind)
select p.user_id, 'TapCounted', p.version, p.status, now() - p.ago - p.ms * interval '1 ms', now(), now() - p.ago,
       case p.status when 'failed' then 'broke' when 'timed_out' then 'timed_out' end
  from planted p;

create function pg_temp.told() returns text language sql volatile as $$
  select concat_ws(' ', s.version, s.runs, s.succeeded, s.failed, s.timed_out, s.cancelled, s.success_rate,
    s.average_ms, s.slowest_ms,
                   s.last_error_kind, s.last_run_at = now())
    from api.v_skill_statistics s where s.name = 'TapCounted'
$$;
create temp table recounted as
select concat_ws(' ', '2.0.0', count(*), count(*) filter (where status = 'succeeded'),
  count(*) filter (where status = 'failed'),
         count(*) filter (where status = 'timed_out'), count(*) filter (where status = 'cancelled'),
         round(count(*) filter (where status = 'succeeded')::numeric / count(*) filter (where status <> 'cancelled'),
           4),
         round(avg(ms) filter (where status in ('succeeded', 'failed')), 3),
           max(ms) filter (where status in ('succeeded', 'failed')),
         'timed_out', true) as told,
       percentile_disc(0.5) within group (order by ms) filter (where status in ('succeeded', 'failed')) as p50,
       percentile_disc(0.95) within group (order by ms) filter (where status in ('succeeded', 'failed')) as p95
  from planted where ago < interval '30 days';

set session authorization plinth_reader;
select is(s.runs, 0::bigint, 'a skill that never ran is there, too') from api.v_skill_statistics s
  where s.name = 'TapIdle';
select is(concat(s.success_rate, s.p50_ms, s.p95_ms), '', 'with no rate and no duration, whatever others took')
  from api.v_skill_statistics s where s.name = 'TapIdle';
reset session authorization;
grant select on recounted to plinth_reader;
select is(regexp_replace(pg_temp.told(), 'broke', 'timed_out'), r.told, 'what waits is counted') from recounted r;
select cmp_ok(core.fold_executions(2500), '=', 2500, 'some are added up');
select is(regexp_replace(pg_temp.told(), 'broke', 'timed_out'), r.told, 'half waits, half is in the sums')
  from recounted r;
select cmp_ok(core.fold_executions(100000), '>=', 1500, 'all are');
select is(regexp_replace(pg_temp.told(), 'broke', 'timed_out'), r.told, 'all is in the sums') from recounted r;
select ok(width_bucket(s.p50_ms * 1000 - 1, chat.duration_bounds()::numeric[]) = width_bucket(r.p50 * 1000,
  chat.duration_bounds()::numeric[])
          and width_bucket(s.p95_ms * 1000 - 1, chat.duration_bounds()::numeric[]) = width_bucket(r.p95 * 1000,
            chat.duration_bounds()::numeric[]),
          format('percentiles are in the slot of the true ones: %s for %s, %s for %s', s.p50_ms, r.p50, s.p95_ms,
            r.p95))
  from api.v_skill_statistics s, recounted r where s.name = 'TapCounted';

select * from finish();
rollback;
