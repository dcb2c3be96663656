-- core.duration_at: how long, in microseconds, a share of the calls of a histogram took at most; 0.95 is the p95.
--
-- Rules   Single durations are not kept in the rollups, so this is an estimate: it lies between the bounds of the slot
--         in which the call in question was counted (analytics.duration_bounds), as if its calls were spread evenly,
--         and never above the slowest call there was. NULL: there were none.
create or replace function core.duration_at(p_durations bigint[], p_share numeric, p_slowest bigint)
returns numeric
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_bounds integer[] := analytics.duration_bounds();
  v_rank   numeric := p_share * (select sum(d) from unnest(p_durations) d);
  v_below  bigint := 0;
  v_lower  bigint;
  v_upper  bigint;
begin
  for i in 1..coalesce(cardinality(p_durations), 0) loop
    if p_durations[i] > 0 and v_below + p_durations[i] >= v_rank then
      v_lower := coalesce(v_bounds[i - 1], 0);
      v_upper := greatest(least(v_bounds[i], p_slowest), v_lower);
      return round(v_lower + (v_upper - v_lower) * (v_rank - v_below) / p_durations[i]);
    end if;
    v_below := v_below + p_durations[i];
  end loop;
  return null;
end
$$;

comment on function core.duration_at(bigint[], numeric, bigint) is
  'How long a share of the calls of a histogram took at most, in microseconds: an estimate';
grant execute on function core.duration_at(bigint[], numeric, bigint) to plinth_system;
