-- http.announce_stale_tags: tells who keeps copies of tags that were touched a while ago and that nobody reported as
-- bumped: their writer died, or wrote from psql when nobody could hear it. True: there are some.
--
-- Rules   The job worker asks again and again; who hears it looks at http.stale_tags.
-- Locks   none
create or replace function http.announce_stale_tags(p_seconds double precision default 2)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce((select min(t.touched_at) from base.touched_tags t)
              > clock_timestamp() - make_interval(secs => p_seconds), true)
  then
    return false;
  end if;

  perform pg_notify('plinth_tags', '');
  return true;
end
$$;

comment on function http.announce_stale_tags(double precision) is 'Calls for bumps of cache tags that were left behind';
grant execute on function http.announce_stale_tags(double precision) to plinth_web;
