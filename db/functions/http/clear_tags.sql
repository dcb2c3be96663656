-- http.clear_tags: removes the record of tags that were bumped.
--
-- Rules   Only what was touched by the named transactions: a later touch of the same tag stays on record.
--         p_tags: the tag of each that was bumped; NULL: all that they touched. A transaction may have touched more
--         than one look at the record tells of (http.stale_tags).
-- Locks   the rows named
create or replace function http.clear_tags(p_xids text[], p_tags text[] default null)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_tags is null then
    delete from base.touched_tags t where t.xid = any (p_xids::xid8[]);
  else
    delete from base.touched_tags t using unnest(p_xids::xid8[], p_tags) b (xid, tag)
     where t.xid = b.xid and t.tag = b.tag;
  end if;
end
$$;

comment on function http.clear_tags(text[], text[]) is 'Removes the record of tags that were bumped';
grant execute on function http.clear_tags(text[], text[]) to plinth_web;
