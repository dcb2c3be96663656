-- core.remove_memories: removes memories of one user, each with the facts it had taken the place of; what took the
-- place of one of them stays. Returns what went: those that were named, their past, vectors, and the points of Qdrant
-- that now belong to nothing.
--
-- Locks   the memories, and those that took their place, which lose the reference, all in the order of their ids
create or replace function core.remove_memories(p_user_id uuid, p_ids uuid[])
returns table (deleted integer, superseded integer, embeddings integer, qdrant_points jsonb)
language plpgsql
volatile
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_doomed uuid[];
begin
  with recursive chain (id, next_id) as (
    select m.id, m.supersedes from memory.semantic_memories m where m.user_id = p_user_id and m.id = any (p_ids)
    union
    select m.id, m.supersedes
      from chain c
      join memory.semantic_memories m on m.user_id = p_user_id and m.id = c.next_id
  )
  select array_agg(l.id) filter (where l.doomed) into v_doomed
    from (select m.id, m.id in (select c.id from chain c) as doomed
            from memory.semantic_memories m
           where m.user_id = p_user_id
             and m.id in (select c.id from chain c
                          union all
                          select s.id from chain c
                            join memory.semantic_memories s on s.user_id = p_user_id and s.supersedes = c.id)
           order by m.id
             for update) l;

  embeddings := (select count(*) from memory.embeddings e where e.user_id = p_user_id and e.memory_id = any (v_doomed));
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
