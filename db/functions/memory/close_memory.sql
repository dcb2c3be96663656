-- api.close_memory: a fact is true no more, and nothing took its place. It stays, to be asked for as of an earlier
-- time.
--
-- Rules   From valid_to on (now, when not named) it is no longer true; it cannot end before it began.
--         One that has an end already keeps it, unless the end was still to come.
--         With p_version it is done only while that is the current version (optimistic).
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 the user has no such memory; VL001 valid_to; KC002 the version is not the
--         current one; KC004 it is closed already
-- Locks   the memory's row
create or replace function api.close_memory(
  p_user_id   uuid,
  p_memory_id uuid,
  p_valid_to  timestamptz default null,
  p_version   integer default null
)
returns setof core.memory_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_memory memory.semantic_memories;
begin
  p_user_id := core.act_for(p_user_id);

  v_memory := core.memory_to_change(p_user_id, p_memory_id, p_version);
  if v_memory.valid_to <= now() then
    perform base.raise('KC004', 'It is closed already', 'memory_id');
  end if;
  v_memory.valid_to := coalesce(p_valid_to, greatest(now(), v_memory.valid_from));
  perform core.check_memory(v_memory);

  update memory.semantic_memories m set valid_to = v_memory.valid_to where m.user_id = p_user_id and m.id = p_memory_id;

  return query select d.* from core.memory_details d where d.id = p_memory_id;
end
$$;

comment on function api.close_memory(uuid, uuid, timestamptz, integer) is
  'A fact is true no more, and nothing took its place';
grant execute on function api.close_memory(uuid, uuid, timestamptz, integer) to plinth_web, plinth_operator;
select http.expose('POST /v1/memories/{memory_id}/close', 'api.close_memory', permission => 'self:write');
