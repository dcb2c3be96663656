-- api.update_memory: corrects what was written down: a wrong word, its kind, how much it matters.
--
-- Rules   What is not named stays. A fact that changed is no correction: replace_memory keeps what was true before.
--         metadata takes the place of what was there. expires_at infinity: never; qdrant_collection '' takes the
--         reference to Qdrant away.
--         Another content makes its vectors void; they go. embedding is the vector that model (or the default one)
--         made of the content it has now.
--         With p_version the change is made only while that is the current version (optimistic).
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 the user has no such memory, or there is no such model; VL001 a field
--         breaks a rule; VL003 no model is named and there is no default; KC001 another memory refers to the same
--         point of Qdrant; KC002 the version is not the current one; KC004 the model is retired
-- Locks   the memory's row
create or replace function api.update_memory(
  p_user_id           uuid,
  p_memory_id         uuid,
  p_content           text default null,
  p_kind              text default null,
  p_importance        double precision default null,
  p_metadata          jsonb default null,
  p_expires_at        timestamptz default null,
  p_qdrant_collection text default null,
  p_qdrant_point_id   text default null,
  p_version           integer default null,
  p_embedding         ext.vector default null,
  p_model             text default null
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
  v_memory.content := coalesce(p_content, v_memory.content);
  v_memory.kind := coalesce(p_kind, v_memory.kind);
  v_memory.importance := coalesce(p_importance, v_memory.importance) + 0;  -- of -0 as well it makes 0
  v_memory.metadata := coalesce(p_metadata, v_memory.metadata);
  v_memory.expires_at := nullif(coalesce(p_expires_at, v_memory.expires_at), 'infinity');
  v_memory.qdrant_collection := coalesce(p_qdrant_collection, v_memory.qdrant_collection);
  v_memory.qdrant_point_id := coalesce(lower(p_qdrant_point_id), v_memory.qdrant_point_id);
  if p_qdrant_collection = '' then
    v_memory.qdrant_collection := null;
    v_memory.qdrant_point_id := lower(p_qdrant_point_id);
  end if;
  perform core.check_memory(v_memory);

  begin
    update memory.semantic_memories m
       set content = v_memory.content, kind = v_memory.kind, importance = v_memory.importance,
           metadata = v_memory.metadata, expires_at = v_memory.expires_at,
           qdrant_collection = v_memory.qdrant_collection, qdrant_point_id = v_memory.qdrant_point_id
     where m.user_id = p_user_id and m.id = p_memory_id;
  exception when unique_violation then
    perform base.raise('KC001', 'Another memory refers to this point', 'qdrant_point_id');
  end;
  perform core.embed_memories(p_user_id, array[p_memory_id], array[v_memory.content], array[p_embedding], p_model);

  return query select d.* from core.memory_details d where d.id = p_memory_id;
end
$$;

comment on function
  api.update_memory(uuid, uuid, text, text, double precision, jsonb, timestamptz, text, text, integer,
                    ext.vector, text) is
  'Corrects what was written down; a fact that changed is replaced instead';
grant execute on function
  api.update_memory(uuid, uuid, text, text, double precision, jsonb, timestamptz, text, text, integer,
                    ext.vector, text)
  to plinth_web, plinth_operator;
select http.expose('PATCH /v1/memories/{memory_id}', 'api.update_memory', permission => 'self:write');
