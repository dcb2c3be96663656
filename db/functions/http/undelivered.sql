-- http.undelivered: whether somebody could still serve what that transaction made void: its tags are on record, so
-- nobody bumped them, and there is a process that keeps copies. A replay of an earlier call names no transaction but
-- the tags of that call.
--
-- Rules   A writer who could not bump his tags asks this before he answers; see http.attach_cache for why it suffices.
-- Locks   none
create or replace function http.undelivered(p_xid text, p_tags text[])
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Where Redis is away for everybody the record grows, and nobody has to look through it.
  if not exists (select from http.cache_places()) then
    return false;
  end if;
  if p_xid is null then
    return exists (select from base.touched_tags t where t.tag = any (p_tags));
  end if;
  return exists (select from base.touched_tags t where t.xid = p_xid::xid8);
end
$$;

comment on function http.undelivered(text, text[]) is 'Whether copies may still be served that a call made void';
grant execute on function http.undelivered(text, text[]) to plinth_web;
