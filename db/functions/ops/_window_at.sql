-- core.window_at: a window as it is at a moment: what is too old has left it.
--
-- Rules   p_width is how long one of its parts is, p_now the moment, both in seconds.
--         A clock that goes back a little, up to two parts, leaves the window as it is. One that goes back further
--         takes the window along, ages and all: nobody is locked out until the clock is where it was.
create or replace function core.window_at(p_window ops.rate_window, p_width integer, p_now bigint)
returns ops.rate_window
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_parts  constant integer := 62;
  v_now    bigint := p_now / p_width;
  v_head   bigint := p_window.head;
  v_total  bigint := p_window.total;
  v_counts bigint[] := p_window.counts;
  v_ahead  integer;
begin
  if v_head is null or v_total = 0 or v_now - v_head >= c_parts then
    return (v_now, 0, array_fill(0::bigint, array[c_parts]))::ops.rate_window;
  end if;

  if v_head > v_now + 2 then
    v_ahead := (v_head - v_now) % c_parts;
    v_counts := v_counts[v_ahead + 1 :] || v_counts[: v_ahead];
    v_head := v_now;
  end if;
  while v_head < v_now loop
    v_head := v_head + 1;
    v_total := v_total - v_counts[v_head % c_parts + 1];
    v_counts[v_head % c_parts + 1] := 0;
  end loop;
  return (v_head, v_total, v_counts)::ops.rate_window;
end
$$;

comment on function core.window_at(ops.rate_window, integer, bigint) is 'A window as it is at a moment';
grant execute on function core.window_at(ops.rate_window, integer, bigint) to plinth_system;
