-- core.find_memories: the newest memories of a user that a query finds, with their rank. At most p_limit.
--
-- Rules   What is true now, in all conversations or in the named one; from is included, to is not.
-- Why plan_cache_mode   It is planned with the values of the call, so that what was not asked for falls away.
-- Why enable_sort   What more than one in twenty of the newest thousand has, is found by reading a few rows along the
--         key. The rest may come from the index, which knows no order. Of a user nobody took statistics of yet, the
--         planner would have everything from there, and sort it.
-- Owned by plinth_system: under a policy, words would not be found by their index. Each statement names the user.
create or replace function core.find_memories(
  p_user_id         uuid,
  p_query           tsquery,
  p_limit           integer,
  p_conversation_id uuid default null,
  p_from            timestamptz default null,
  p_to              timestamptz default null
)
returns table (id uuid, rank real)
language plpgsql
stable
security definer
rows 100
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_sort = off
as $$
begin
  if p_conversation_id is not null
     or (select count(*) filter (where n.search @@ p_query) <= count(*) / 20.0
           from (select m.search from memory.semantic_memories m
                  where m.user_id = p_user_id order by m.id desc limit 1000) n)
  then
    perform set_config('enable_sort', 'on', true);
  end if;
  return query
    select m.id, ts_rank_cd(m.search, p_query, 1)
      from memory.semantic_memories m
     where m.user_id = p_user_id and m.search @@ p_query and core.memory_holds(m, now(), null, null)
       and (p_conversation_id is null or m.conversation_id = p_conversation_id)
       and (p_from is null or m.created_at >= p_from) and (p_to is null or m.created_at < p_to)
       and (m.conversation_id is null
            or (select c.status from chat.conversations c
                 where c.user_id = p_user_id and c.id = m.conversation_id) <> 'deleted')
     order by m.id desc
     limit p_limit;
end
$$;

comment on function core.find_memories(uuid, tsquery, integer, uuid, timestamptz, timestamptz) is
  'The newest memories of a user that a query finds, with their rank';
alter function core.find_memories(uuid, tsquery, integer, uuid, timestamptz, timestamptz) owner to plinth_system;
