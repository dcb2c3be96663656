-- core.add_memories: writes memories of one user down, what is NULL in its usual form. Returns their ids in that
-- order.
--
-- Rules   p_path is how errors name a memory of a list: 'memories[%s].'.
-- Why offset 0   As in core.branch_ids: each is looked up by its key, in the order they are locked in.
-- Errors  VL001 a field breaks a rule; VL003 content is missing; NF001 there is no such conversation; KC001 another
--         memory refers to the same point of Qdrant
-- Locks   the conversations, shared, against their erasure
create or replace function core.add_memories(p_memories memory.semantic_memories[], p_path text default '')
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user_id uuid := p_memories[1].user_id;
  v_memory  memory.semantic_memories;
  v_known   uuid[];
  v_ready   memory.semantic_memories[] := '{}';
  v_done    uuid[];
begin
  v_known := array(select c.id
                     from (select distinct m.conversation_id as id from unnest(p_memories) m order by 1) k
                    cross join lateral (select t.id from chat.conversations t
                                         where t.user_id = v_user_id and t.id = k.id and t.status <> 'deleted'
                                        offset 0 for key share) c);

  foreach v_memory in array p_memories loop
    v_memory.id := base.new_id();
    v_memory.kind := coalesce(v_memory.kind, 'fact');
    v_memory.importance := coalesce(v_memory.importance, 0.5) + 0;  -- of -0 as well it makes 0
    v_memory.metadata := coalesce(v_memory.metadata, '{}');
    v_memory.valid_from := coalesce(v_memory.valid_from, now());
    v_memory.qdrant_point_id := lower(v_memory.qdrant_point_id);
    perform core.check_memory(v_memory, format(p_path, cardinality(v_ready)));
    if v_memory.conversation_id is not null and v_memory.conversation_id <> all (v_known) then
      perform base.raise('NF001', 'There is no such conversation', format(p_path, cardinality(v_ready)) || 'conversation_id');
    end if;
    v_ready := v_ready || v_memory;
  end loop;

  with added as (
    insert into memory.semantic_memories
      (user_id, id, conversation_id, kind, content, importance, metadata, valid_from, valid_to, supersedes, expires_at,
       qdrant_collection, qdrant_point_id)
    select m.user_id, m.id, m.conversation_id, m.kind, m.content, m.importance, m.metadata, m.valid_from, m.valid_to,
           m.supersedes, m.expires_at, m.qdrant_collection, m.qdrant_point_id
      from unnest(v_ready) m
     order by m.qdrant_collection, m.qdrant_point_id
    on conflict on constraint semantic_memories_user_id_qdrant_key do nothing
    returning id
  )
  select array_agg(a.id) into v_done from added a;
  if cardinality(v_done) is distinct from cardinality(v_ready) then
    perform base.raise('KC001', 'Another memory refers to this point', format(p_path, min(m.ordinality) - 1) || 'qdrant_point_id')
       from unnest(v_ready) with ordinality as m where m.id <> all (coalesce(v_done, '{}'));
  end if;
  return array(select m.id from unnest(v_ready) with ordinality as m order by m.ordinality);
end
$$;

comment on function core.add_memories(memory.semantic_memories[], text) is 'Writes memories of one user down';
