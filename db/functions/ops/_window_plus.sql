-- core.window_plus: a window with so much more counted now, or, where p_units is negative, so much less in the part in
-- which it had been counted.
--
-- Rules   What comes back is taken out of its own part, never of a newer one: that would let the rest leave too early.
--         If its part has left, or the clock went back since, nothing is taken out.
create or replace function core.window_plus(p_window ops.rate_window, p_units bigint, p_part bigint default null)
returns ops.rate_window
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_part integer := coalesce(p_part, p_window.head) % 62 + 1;
  v_had  bigint := p_window.counts[v_part];
  v_has  bigint;
begin
  if p_part > p_window.head or p_part <= p_window.head - 62 then
    return p_window;
  end if;
  v_has := greatest(v_had + p_units, 0);
  p_window.counts[v_part] := v_has;
  p_window.total := p_window.total + v_has - v_had;
  return p_window;
end
$$;

comment on function core.window_plus(ops.rate_window, bigint, bigint) is
  'A window with more counted now, or less in the part where it was counted';
grant execute on function core.window_plus(ops.rate_window, bigint, bigint) to plinth_system;
