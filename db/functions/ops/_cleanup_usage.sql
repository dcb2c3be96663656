-- core.cleanup_usage: removes what is left of days whose calls were dropped: rows of the default partition, reports,
-- who was active; and rollups by the hour that are not kept any more. Those by the day stay.
--
-- Locks   the rows it removes
-- Owned by plinth_system: a job for all users.
create or replace function core.cleanup_usage(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before timestamptz := (select t.dropped_before from ops.partitioned_tables t where t.name = 'ops.api_usage');
  v_hours  timestamptz := least(v_before, date_trunc('day', now()
                            - make_interval(days => base.setting('usage.keep_metric_days')::integer), 'UTC'));
  v_rows   integer;
  v_most   integer;
begin
  if v_before is null then
    return 0;  -- nothing was dropped yet
  end if;

  delete from ops.api_usage u
   using (select d.user_id, d.id from ops.api_usage d where d.id < base.first_id(v_before) limit p_limit) d
   where u.user_id = d.user_id and u.id = d.id and u.id < base.first_id(v_before);
  get diagnostics v_most = row_count;

  delete from ops.usage_events e
   using (select d.user_id, d.event_id from ops.usage_events d
           where d.usage_id < base.first_id(v_before) order by d.usage_id limit p_limit) d
   where e.user_id = d.user_id and e.event_id = d.event_id;
  get diagnostics v_rows = row_count;
  v_most := greatest(v_most, v_rows);

  delete from analytics.daily_users u
   using (select d.user_id, d.day from analytics.daily_users d
           where d.day < (v_before at time zone 'UTC')::date order by d.day limit p_limit) d
   where u.user_id = d.user_id and u.day = d.day;
  get diagnostics v_rows = row_count;
  v_most := greatest(v_most, v_rows);

  delete from analytics.api_metrics m
   using (select d.ctid from analytics.api_metrics d where d.hour < v_hours order by d.hour limit p_limit) d
   where m.ctid = d.ctid;
  get diagnostics v_rows = row_count;
  return greatest(v_most, v_rows);
end
$$;

comment on function core.cleanup_usage(integer) is 'Removes what is left of usage that is not kept any more';
alter function core.cleanup_usage(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it: http.run_job calls it.
set local role plinth_system;
grant execute on function core.cleanup_usage(integer) to plinth_owner;
set local role plinth_owner;
select http.schedule('core.cleanup_usage', '1 hour');
