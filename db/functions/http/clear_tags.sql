-- http.clear_tags: removes the record of tags that were bumped.
--
-- Rules   Only what was touched by the named transactions: a later touch of the same tag stays on record.
-- Locks   the rows named
create or replace function http.clear_tags(p_xids text[])
returns void
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  delete from base.touched_tags t where t.xid = any (p_xids::xid8[])
$$;

comment on function http.clear_tags(text[]) is 'Removes the record of tags that were bumped';
grant execute on function http.clear_tags(text[]) to plinth_web;
