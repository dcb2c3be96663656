-- core.rate_verdict: whether so many requests and tokens fit into these windows, and which window decides.
--
-- Rules   They fit if they fit into every window of every subject. If not, the window decides that has room again last:
--         who waits for that one does not wait in vain. If they do, the one with the least left afterwards.
--         Windows of requests, or of tokens, are not looked at where p_units, or p_tokens, is NULL.
--         room is how many requests fit in all; place the window, counted through; reset the seconds after which the
--         first of what it counts leaves it; wait those until what was asked for would fit. No limit: place is NULL.
create or replace function core.rate_verdict(
  p_limits  bigint[],
  p_windows ops.rate_window[],
  p_units   bigint,
  p_tokens  bigint,
  p_now     bigint,
  out fits boolean,
  out room bigint,
  out place integer,
  out most bigint,
  out remaining bigint,
  out reset integer,
  out wait integer
)
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_widths constant integer[] := array[1, 60, 1440, 1440];
  v_window ops.rate_window;
  v_width  integer;
  v_needs  bigint;
  v_rest   bigint;
  v_wait   integer;
begin
  fits := true;
  wait := 0;
  for n in 1 .. cardinality(p_limits) loop
    v_needs := case when n % 4 = 0 then p_tokens else p_units end;
    continue when p_limits[n] = 0 or v_needs is null;
    v_window := p_windows[n];
    v_rest := p_limits[n] - v_window.total;
    if n % 4 > 0 then
      room := greatest(least(room, v_rest), 0);
    end if;

    if v_rest < v_needs then
      v_wait := core.window_wait(v_window, c_widths[(n - 1) % 4 + 1], p_now, v_needs - v_rest);
      if fits or v_wait > wait then
        place := n;
        wait := v_wait;
        remaining := greatest(v_rest, 0);
      end if;
      fits := false;
    elsif fits and (place is null or v_rest - v_needs < remaining) then
      place := n;
      remaining := v_rest - v_needs;
    end if;
  end loop;

  if place is not null then
    most := p_limits[place];
    v_width := c_widths[(place - 1) % 4 + 1];
    reset := core.window_wait(p_windows[place], v_width, p_now, 1);
  end if;
end
$$;

comment on function core.rate_verdict(bigint[], ops.rate_window[], bigint, bigint, bigint) is
  'Whether requests and tokens fit into these windows, and which of them decides';
grant execute on function core.rate_verdict(bigint[], ops.rate_window[], bigint, bigint, bigint) to plinth_system;
