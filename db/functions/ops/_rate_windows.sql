-- core.rate_windows: the windows of these subjects as they are at a moment, four for each, in the order given.
create or replace function core.rate_windows(p_subjects text[], p_now bigint)
returns ops.rate_window[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_subject text;
  v_row     ops.rate_limit_tracking;
  v_windows ops.rate_window[] := '{}';
begin
  foreach v_subject in array p_subjects loop
    select t.* into v_row from ops.rate_limit_tracking t where t.subject = v_subject;
    v_windows := v_windows || array[
      core.window_at(v_row.requests_minute, 1, p_now), core.window_at(v_row.requests_hour, 60, p_now),
      core.window_at(v_row.requests_day, 1440, p_now), core.window_at(v_row.tokens_day, 1440, p_now)];
  end loop;
  return v_windows;
end
$$;

comment on function core.rate_windows(text[], bigint) is 'The windows of these subjects at a moment, four for each';
grant execute on function core.rate_windows(text[], bigint) to plinth_system;
