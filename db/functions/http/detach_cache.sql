-- http.detach_cache: the process at the other end of this connection believes no copies any more: http.attach_cache.
--
-- Locks   lets go of the session's advisory locks
create or replace function http.detach_cache()
returns void
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  select pg_advisory_unlock_all()
$$;

comment on function http.detach_cache() is
  'Says that this connection''s process believes no copies of answers any more';
grant execute on function http.detach_cache() to plinth_web;
