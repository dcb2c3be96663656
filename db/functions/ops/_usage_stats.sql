-- core.usage_stats: usage in a period, summed by hour, day, route, class of status, model or user, or in total. Runs
-- with the rights of the function that calls it: row-level security binds it to a user's own rows, or does not.
--
-- Rules   Hours are whole: the period begins with that of p_from; that of p_to is in it if p_to lies behind its begin.
--         It has at most 366 days, by hour at most 31. Only by user NULL, which is everybody, may it be summed by user.
--         The keys are ordered as text; p_after is the last one had.
-- Errors  VL001 from, to, by
create or replace function core.usage_stats(
  p_user_id uuid,
  p_from    timestamptz,
  p_to      timestamptz,
  p_by      text,
  p_after   text,
  p_limit   integer
)
returns table (
  key        text,
  calls      bigint,
  errors     bigint,
  failures   bigint,
  model_uses bigint,
  tokens_in  bigint,
  tokens_out bigint,
  cost       numeric,
  average_ms numeric,
  p50_ms     numeric,
  p95_ms     numeric,
  slowest_ms numeric,
  cursor     text
)
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
declare
  v_from timestamptz := date_trunc('hour', coalesce(p_from, now() - interval '7 days'), 'UTC');
  v_to   timestamptz := coalesce(p_to, now());
begin
  if p_by is null or p_by not in ('total', 'hour', 'day', 'route', 'status', 'model', 'user')
     or p_by = 'user' and p_user_id is not null
  then
    perform base.raise('VL001', format('by must be total, hour, day, route, status%s model%s',
                                       case when p_user_id is null then ',' else ' or' end,
                                       case when p_user_id is null then ' or user' end), 'by');
  elsif not isfinite(v_from) then
    perform base.raise('VL001', 'from must be a time', 'from');
  elsif not isfinite(v_to) or v_to <= v_from then
    perform base.raise('VL001', 'to must be a time behind from', 'to');
  elsif v_to - v_from > (case p_by when 'hour' then interval '31 days 1 hour' else interval '366 days 1 hour' end) then
    perform base.raise('VL001', format('The period must have at most %s days', case p_by when 'hour' then 31 else 366 end),
                       'from');
  end if;

  -- Which index serves depends on whether a user is named: planned for it, each time.
  perform set_config('plan_cache_mode', 'force_custom_plan', true);
  return query
    with chosen as (
      select case p_by
               when 'total' then 'total'
               when 'hour' then to_char(m.hour at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
               when 'day' then to_char(m.hour at time zone 'UTC', 'YYYY-MM-DD')
               when 'route' then m.method || ' ' || m.route
               when 'status' then case m.status_class when 0 then 'model' else m.status_class || 'xx' end
               when 'model' then m.model
               else m.user_id::text end collate "C" as key,
             m.*
        from analytics.api_metrics m
       where (p_user_id is null or m.user_id = p_user_id) and m.hour >= v_from and m.hour < v_to
         and (p_by <> 'model' or m.model <> '')
    ), summed as (
      select c.key,
             coalesce(sum(c.calls) filter (where c.status_class > 0), 0)::bigint as calls,
             coalesce(sum(c.calls) filter (where c.status_class >= 4), 0)::bigint as errors,
             coalesce(sum(c.calls) filter (where c.status_class >= 5), 0)::bigint as failures,
             coalesce(sum(c.calls) filter (where c.status_class = 0), 0)::bigint as model_uses,
             sum(c.tokens_in)::bigint as tokens_in, sum(c.tokens_out)::bigint as tokens_out, sum(c.cost) as cost,
             sum(c.duration_us) as duration_us, max(c.slowest_us) filter (where c.status_class > 0)::bigint as slowest_us,
             array[sum(c.durations[1]), sum(c.durations[2]), sum(c.durations[3]), sum(c.durations[4]), sum(c.durations[5]),
                   sum(c.durations[6]), sum(c.durations[7]), sum(c.durations[8]), sum(c.durations[9]), sum(c.durations[10]),
                   sum(c.durations[11]), sum(c.durations[12]), sum(c.durations[13]), sum(c.durations[14])
                  ]::bigint[] as durations
        from chosen c
       where p_after is null or c.key > p_after
       group by c.key
       order by c.key
       limit p_limit
    )
    select s.key, s.calls, s.errors, s.failures, s.model_uses, s.tokens_in, s.tokens_out, s.cost,
           round(s.duration_us / 1000 / nullif(s.calls, 0), 3),
           round(core.duration_at(s.durations, 0.5, s.slowest_us) / 1000, 3),
           round(core.duration_at(s.durations, 0.95, s.slowest_us) / 1000, 3),
           round(s.slowest_us / 1000.0, 3), s.key
      from summed s
     order by s.key;
end
$$;

comment on function core.usage_stats(uuid, timestamptz, timestamptz, text, text, integer) is
  'Usage in a period, summed by hour, day, route, class of status, model or user, or in total';
grant execute on function core.usage_stats(uuid, timestamptz, timestamptz, text, text, integer) to plinth_system;
