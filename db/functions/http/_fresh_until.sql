-- core.fresh_until: says that the answer of this call changes by itself at that time, so that no copy of it is kept
-- longer. What a function reads that has a beginning or an end says so; the earliest time counts.
--
-- Rules   NULL and infinity say nothing. A time that has passed: no copy is kept at all.
--         http.statement reads it after the function, in routes whose answers may be kept.
create or replace function core.fresh_until(p_at timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before float8 := nullif(current_setting('plinth.fresh_until', true), '');
begin
  if isfinite(p_at) then
    perform set_config('plinth.fresh_until', least(v_before, extract(epoch from p_at))::text, true);
  end if;
end
$$;

comment on function core.fresh_until(timestamptz) is
  'Says when the answer of this call changes by itself: no copy is kept longer';
grant execute on function core.fresh_until(timestamptz) to plinth_system;
