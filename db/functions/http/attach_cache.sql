-- http.attach_cache: the process at the other end of this connection keeps copies of answers from now on. The number
-- says where, the same for all who reach the same Redis. False: others keep theirs elsewhere, so its copies could not
-- be made void by them, nor theirs by it.
--
-- Rules   A lock of the session says so: it ends with the connection. Without it no copy is believed.
--         A process attaches first and then bumps what was touched until then (http.stale_tags). So a writer whose tags
--         are on record, and who then sees nobody attached (http.undelivered), knows that whoever comes later finds the
--         record before any copy.
--         Where places differ, all are told to look again where their address leads. p_timeline is that of the copies:
--         false as well where it is no more that of http.timeline, since copies were kept elsewhere meanwhile.
-- Locks   an advisory lock, shared, until the session ends or lets go: nobody waits for it
create or replace function http.attach_cache(p_place integer, p_timeline text default null)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_alone boolean;
begin
  perform pg_advisory_unlock_all();
  perform pg_advisory_lock_shared(1886147689, p_place);

  v_alone := not exists (select from http.cache_places() p where p <> p_place);
  if not v_alone then
    perform pg_notify('plinth_places', '');
  end if;
  return v_alone and coalesce(p_timeline = http.timeline(), true);
end
$$;

comment on function http.attach_cache(integer, text) is
  'Says that this connection''s process keeps copies of answers there; false when others keep theirs elsewhere';
grant execute on function http.attach_cache(integer, text) to plinth_web;
