-- core.quota_details: limits, and what was used of each, as their user sees them: a row for each window that has a
-- limit.
create or replace function core.quota_details(
  p_subjects text[],
  p_limits   bigint[],
  p_windows  ops.rate_window[],
  p_now      bigint
)
returns table (scope text, unit text, period text, quota bigint, used bigint, remaining bigint, reset integer)
language sql
stable
rows 4
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(substring(s.subject from '[A-Z]+ /.*$'), split_part(s.subject, ':', 1)),
         case n.n % 4 when 0 then 'tokens' else 'requests' end,
         case n.n % 4 when 1 then 'minute' when 2 then 'hour' else 'day' end,
         p_limits[n.n], (p_windows[n.n]).total, greatest(p_limits[n.n] - (p_windows[n.n]).total, 0),
         core.window_wait(p_windows[n.n], case n.n % 4 when 1 then 1 when 2 then 60 else 1440 end, p_now, 1)
    from generate_series(1, cardinality(p_limits)) as n (n),
         lateral (select p_subjects[(n.n + 3) / 4] as subject) s
   where p_limits[n.n] > 0
   order by n.n
$$;

comment on function core.quota_details(text[], bigint[], ops.rate_window[], bigint) is
  'Limits, and what was used of each, as their user sees them';
grant execute on function core.quota_details(text[], bigint[], ops.rate_window[], bigint) to plinth_system;
