-- core.window_wait: in how many seconds at least so much will have left a window, if nothing is added.
--
-- Rules   More than there is: when all has left. 0 where there is nothing.
create or replace function core.window_wait(p_window ops.rate_window, p_width integer, p_now bigint, p_units bigint)
returns integer
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_parts constant integer := 62;
  v_part  bigint := p_window.head - c_parts;
  v_left  bigint := 0;
begin
  if p_window.total = 0 then
    return 0;
  end if;
  while v_left < least(p_units, p_window.total) loop
    v_part := v_part + 1;
    v_left := v_left + p_window.counts[v_part % c_parts + 1];
  end loop;
  return (v_part + c_parts) * p_width - p_now;
end
$$;

comment on function core.window_wait(ops.rate_window, integer, bigint, bigint) is
  'In how many seconds so much will have left a window';
grant execute on function core.window_wait(ops.rate_window, integer, bigint, bigint) to plinth_system;
