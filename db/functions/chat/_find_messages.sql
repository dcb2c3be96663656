-- core.find_messages: the newest messages of a user that a query finds, with their rank. At most p_limit.
--
-- Rules   What every search of messages is made of: the caller has been let in, and is p_user_id. Messages of deleted
--         conversations are never found, those of archived ones where p_archived.
--         The newest messages are read row by row as long as that promises to find enough. A frequent word is found in
--         a few hundred rows, and most users have no more than that. What is rare comes from the index: it knows no
--         order, so for a frequent word it would bring up all the messages there are.
-- Why plan_cache_mode   One statement serves every mix of filters. It is planned with the values of the call, so that
--         what was not asked for falls away, and partitions with it.
-- Why enable_sort   Where rows come in order from an index, they are read as far as it takes; of a user nobody took
--         statistics of yet, the planner would read and sort all.
-- Why max_parallel_workers_per_gather   A search takes milliseconds; starting other processes for it takes longer.
-- Owned by plinth_system: under a policy on the user, no search would use its index. Each statement names the user.
create or replace function core.find_messages(
  p_user_id         uuid,
  p_query           tsquery,
  p_limit           integer,
  p_before          uuid default null,
  p_from            uuid default null,
  p_conversation_id uuid default null,
  p_role            text default null,
  p_metadata        jsonb default null,
  p_archived        boolean default true
)
returns table (id uuid, rank real)
language plpgsql
stable
security definer
rows 200
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set max_parallel_workers_per_gather = 0
set enable_sort = off
as $$
declare
  v_rows   integer := 2000;  -- read in any case: a millisecond
  -- Measured at a million messages: for a word that needs more rows than this, the index costs less.
  v_most   constant integer := 3000 * sqrt(p_limit);
  v_read   integer := 0;
  v_found  integer := 0;
  v_new    integer;
  v_upper  uuid := p_before;
  v_lower  uuid;
  v_live   constant text[] := case when p_archived then '{active,archived}' else '{active}' end;
begin
  loop
    -- Where so many rows end; NULL: there are no more of them.
    select m.id into v_lower
      from chat.messages m
     where m.user_id = p_user_id and (p_conversation_id is null or m.conversation_id = p_conversation_id)
       and (v_upper is null or m.id < v_upper) and (p_from is null or m.id >= p_from)
     order by m.id desc
    offset v_rows - 1 limit 1;

    -- "offset 0": read in their order, whatever the planner thinks of the words.
    return query
      select h.id, ts_rank_cd(h.search, p_query, 1)
        from (select m.id, m.conversation_id, m.role, m.metadata, m.search
                from chat.messages m
               where m.user_id = p_user_id and (p_conversation_id is null or m.conversation_id = p_conversation_id)
                 and (v_upper is null or m.id < v_upper) and (p_from is null or m.id >= p_from)
                 and (v_lower is null or m.id >= v_lower)
              offset 0) h
       where h.search @@ p_query and (p_role is null or h.role = p_role)
         and (p_metadata is null or h.metadata @> p_metadata)
         and (select c.status from chat.conversations c
               where c.user_id = p_user_id and c.id = h.conversation_id) = any (v_live)
       order by h.id desc
       limit p_limit - v_found;
    get diagnostics v_new = row_count;
    v_found := v_found + v_new;
    if v_found >= p_limit or v_lower is null then
      return;
    end if;

    -- How many more it takes if older ones are like those read, and some over.
    v_upper := v_lower;
    v_read := v_read + v_rows;
    exit when v_found = 0;
    v_rows := least((p_limit - v_found) * 1.3 * v_read / v_found, v_most);
    exit when v_read + v_rows > v_most;
  end loop;

  -- What was read already is left out behind "offset 0": as a bound, it would make the planner read by ids, not words.
  -- Ids first, so that sorting moves little, and conversations are asked for as many as it takes.
  return query
    select m.id, ts_rank_cd(m.search, p_query, 1)
      from (select s.id
              from (select h.id, h.conversation_id
                      from (select m.id, m.conversation_id
                              from chat.messages m
                             where m.user_id = p_user_id and m.search @@ p_query
                               and (p_conversation_id is null or m.conversation_id = p_conversation_id)
                               and (p_before is null or m.id < p_before) and (p_from is null or m.id >= p_from)
                               and (p_role is null or m.role = p_role)
                               and (p_metadata is null or m.metadata @> p_metadata)
                            offset 0) h
                     where h.id < v_upper
                     order by h.id desc offset 0) s
             where (select c.status from chat.conversations c
                     where c.user_id = p_user_id and c.id = s.conversation_id) = any (v_live)
             limit p_limit - v_found) f
     cross join lateral (
       select k.id, k.search from chat.messages k where k.user_id = p_user_id and k.id = f.id offset 0) m
     order by f.id desc;
end
$$;

comment on function core.find_messages(uuid, tsquery, integer, uuid, uuid, uuid, text, jsonb, boolean) is
  'The newest messages of a user that a query finds, with their rank';
alter function core.find_messages(uuid, tsquery, integer, uuid, uuid, uuid, text, jsonb, boolean) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.find_messages(uuid, tsquery, integer, uuid, uuid, uuid, text, jsonb, boolean)
  to plinth_owner;
set local role plinth_owner;
