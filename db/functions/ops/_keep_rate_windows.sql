-- core.keep_rate_windows: writes the windows of these subjects, four for each; the rows are there and locked.
--
-- Rules   Requests are not counted in a window without a limit; tokens are, wherever there were any.
create or replace function core.keep_rate_windows(p_subjects text[], p_limits bigint[], p_windows ops.rate_window[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at integer;
begin
  for n in 1 .. cardinality(p_subjects) loop
    v_at := 4 * n - 3;
    update ops.rate_limit_tracking t
       set requests_minute = case when p_limits[v_at] > 0 then p_windows[v_at] end,
           requests_hour = case when p_limits[v_at + 1] > 0 then p_windows[v_at + 1] end,
           requests_day = case when p_limits[v_at + 2] > 0 then p_windows[v_at + 2] end,
           tokens_day = case when p_windows[v_at + 3].total > 0 then p_windows[v_at + 3] end,
           last_used_on = current_date
     where t.subject = p_subjects[n];
  end loop;
end
$$;

comment on function core.keep_rate_windows(text[], bigint[], ops.rate_window[]) is
  'Writes the windows of these subjects';
grant execute on function core.keep_rate_windows(text[], bigint[], ops.rate_window[]) to plinth_system;
