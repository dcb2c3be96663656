-- core.remove_memories: removes memories of one user, each with the facts it had taken the place of; what took the
-- place of one of them stays. Returns what went: those that were named, their past, vectors, and the points of Qdrant
-- that now belong to nothing.
--
-- Why plan_cache_mode   For any values, the planner would read all memories of a user to find some.
-- Locks   the memories, and those that took their place, which lose the reference, all in the order of their ids; then
--         those of core.lock_embeddings
create or replace function core.remove_memories(p_user_id uuid, p_ids uuid[])
returns table (deleted integer, superseded integer, embeddings integer, qdrant_points jsonb)
language plpgsql
volatile
rows 1
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  v_doomed uuid[];
  v_id     uuid;
begin
  with recursive chain (id, next_id) as (
    select m.id, m.supersedes from memory.semantic_memories m where m.user_id = p_user_id and m.id = any (p_ids)
    union
    select m.id, m.supersedes
      from chain c
     cross join lateral (select k.id, k.supersedes from memory.semantic_memories k
                          where k.user_id = p_user_id and k.id = c.next_id offset 0) m
  )
  select array_agg(c.id) into v_doomed from chain c;
  for v_id in
    select d.id from unnest(v_doomed) as d (id)
    union
    select s.id
      from unnest(v_doomed) as d (id)
     cross join lateral (select k.id from memory.semantic_memories k
                          where k.user_id = p_user_id and k.supersedes = d.id offset 0) s
     order by 1
  loop
    perform from memory.semantic_memories m where m.user_id = p_user_id and m.id = v_id for update;
  end loop;

  embeddings := core.lock_embeddings(p_user_id, null, v_doomed);
  with gone as (
    delete from memory.semantic_memories m
     where m.user_id = p_user_id and m.id = any (v_doomed)
    returning m.id, m.qdrant_collection, m.qdrant_point_id
  )
  select count(*) filter (where g.id = any (p_ids)), count(*) filter (where g.id <> all (p_ids)),
         coalesce(jsonb_agg(jsonb_build_object('collection', g.qdrant_collection, 'point_id', g.qdrant_point_id))
                    filter (where g.qdrant_point_id is not null), '[]')
    into deleted, superseded, qdrant_points
    from gone g;
  return next;
end
$$;

comment on function core.remove_memories(uuid, uuid[]) is
  'Removes memories of one user, each with the facts it had taken the place of';
grant execute on function core.remove_memories(uuid, uuid[]) to plinth_system;
