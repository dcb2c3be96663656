-- api.delete_memory: forgets a memory, with what it took the place of: a fact goes with its past.
--
-- Rules   What took its place stays. The answer counts the rows that went, and names the points of Qdrant that now
--         belong to nothing, for the caller to remove.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 the user has no such memory
-- Locks   those of core.remove_memories
create or replace function api.delete_memory(p_user_id uuid, p_memory_id uuid)
returns table (deleted integer, superseded integer, embeddings integer, qdrant_points jsonb)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);

  if not exists (select from core.memory_details d where d.id = p_memory_id) then
    perform base.raise('NF001', 'There is no such memory', 'memory_id');
  end if;
  return query select * from core.remove_memories(p_user_id, array[p_memory_id]);
end
$$;

comment on function api.delete_memory(uuid, uuid) is 'Forgets a memory, with what it took the place of';
grant execute on function api.delete_memory(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/memories/{memory_id}', 'api.delete_memory', permission => 'self:write');
