-- core.memory_to_change: a memory of the user, locked to be changed.
--
-- Errors  NF001 the user has no such memory; KC002 the version is not the current one
-- Locks   the memory's row
create or replace function core.memory_to_change(p_user_id uuid, p_memory_id uuid, p_version integer)
returns memory.semantic_memories
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_memory memory.semantic_memories;
begin
  select m.* into v_memory from memory.semantic_memories m
   where m.user_id = p_user_id and m.id = p_memory_id
     for no key update;
  if not found or not exists (select from core.memory_details d where d.id = p_memory_id) then
    perform base.raise('NF001', 'There is no such memory', 'memory_id');
  end if;
  if p_version <> v_memory.version then
    perform base.raise('KC002', format('The version is %s by now, not %s', v_memory.version, p_version), 'version');
  end if;
  return v_memory;
end
$$;

comment on function core.memory_to_change(uuid, uuid, integer) is 'A memory of the user, locked to be changed';
