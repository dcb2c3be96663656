-- core.find_conversations: ids of the last active conversations of a user that have a title, metadata or a context. At
-- most p_limit.
--
-- Rules   Arguments as of api.get_user_conversations, which checks them; p_like is a pattern of the title, in small
--         letters. The last active ones are read row by row: what many have is found there. What is rare comes from the
--         index: it knows no order, so of what many have it would bring up all there are.
-- Why plan_cache_mode   As in api.get_user_conversations.
-- Owned by plinth_system: under a policy, no search in title or JSON would use its index. Each statement names the
--         user.
create or replace function core.find_conversations(
  p_user_id  uuid,
  p_status   text,
  p_like     text,
  p_metadata jsonb,
  p_context  jsonb,
  p_since    timestamptz,
  p_time     timestamptz,
  p_id       uuid,
  p_limit    integer
)
returns uuid[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  v_rows constant integer := greatest(1000, p_limit);  -- read in any case: a millisecond
  v_ids  uuid[];
  v_more uuid[];
  v_time timestamptz;
  v_id   uuid;
  v_read integer;
begin
  with newest as materialized (
    select c.id, c.active_at, c.title, c.metadata, c.context
      from chat.conversations c
     where c.user_id = p_user_id and c.status = p_status and c.erase_after is distinct from '-infinity'
       and (p_since is null or c.active_at >= p_since)
       and (p_since is null or c.active_hour > p_since - interval '1 hour')
       and (p_time is null or (c.active_at, c.id) < (p_time, p_id))
       and (p_time is null or c.active_hour <= p_time)
     order by c.active_hour desc, c.active_at desc, c.id desc
     limit v_rows
  )
  select array(select n.id from newest n
                where (p_like is null or lower(n.title) like p_like)
                  and (p_metadata is null or n.metadata @> p_metadata)
                  and (p_context is null or n.context @> p_context)
                order by n.active_at desc, n.id desc limit p_limit),
         count(*), min(n.active_at), (array_agg(n.id order by n.active_at, n.id))[1]
    into v_ids, v_read, v_time, v_id
    from newest n;
  if v_read < v_rows or cardinality(v_ids) >= p_limit then
    return v_ids;
  end if;

  -- What was read already is left out behind "offset 0": as a bound, it would make the planner read by activity.
  v_more := array(
    select h.id
      from (select c.id, c.active_at
              from chat.conversations c
             where c.user_id = p_user_id and c.status = p_status and c.erase_after is distinct from '-infinity'
               and (p_like is null or lower(c.title) like p_like)
               and (p_metadata is null or c.metadata @> p_metadata)
               and (p_context is null or c.context @> p_context)
               and (p_since is null or c.active_at >= p_since)
            offset 0) h
     where (h.active_at, h.id) < (v_time, v_id)
     order by h.active_at desc, h.id desc limit p_limit - cardinality(v_ids));
  return v_ids || v_more;
end
$$;

comment on function core.find_conversations(uuid, text, text, jsonb, jsonb, timestamptz, timestamptz, uuid, integer) is
  'Ids of the last active conversations of a user that have a title, metadata or a context';
alter function core.find_conversations(uuid, text, text, jsonb, jsonb, timestamptz, timestamptz, uuid, integer)
  owner to plinth_system;
