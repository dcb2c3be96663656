-- http.sweep_tags: sees to tags that were touched a while ago and nobody reported as bumped. True: there were some.
--
-- Rules   Their writer died, or wrote from psql when nobody could hear it. Who keeps copies is told, and bumps them.
--         p_kept false: this service has no Redis, so nobody would ever; the record goes, a thousand at a time.
-- Locks   without copies the rows that go, none that it would have to wait for
create or replace function http.sweep_tags(p_kept boolean, p_seconds double precision default 2)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before timestamptz := clock_timestamp() - make_interval(secs => p_seconds);
begin
  if coalesce((select min(t.touched_at) from base.touched_tags t) > v_before, true) then
    return false;
  end if;

  if p_kept then
    perform pg_notify('plinth_tags', '');
  else
    delete from base.touched_tags d
     where d.ctid = any (array(select t.ctid
                                 from base.touched_tags t
                                where t.touched_at <= v_before
                                order by t.touched_at
                                limit 1000
                                  for update skip locked));
  end if;
  return true;
end
$$;

comment on function http.sweep_tags(boolean, double precision) is
  'Calls for bumps of cache tags that were left behind, or forgets them where no copies are kept';
grant execute on function http.sweep_tags(boolean, double precision) to plinth_web;
