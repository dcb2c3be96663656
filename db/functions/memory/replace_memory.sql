-- api.replace_memory: a fact has changed: closes the memory and puts another in its place, in one transaction.
--
-- Rules   From valid_from on (now, when not named) the new one is true, and the old one is no more. One that had ended
--         before keeps its end.
--         The new one counts where the old one did; kind, importance and metadata are taken over where not named. Its
--         reference to Qdrant and its end are its own.
--         embedding is the vector that model (or the default one) made of the new content.
--         A memory is replaced once; then it is its successor that can be replaced.
--         With p_version it is done only while that is the current version of the old one (optimistic).
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 the user has no such memory, or there is no such model; VL001 a field
--         breaks a rule; VL003 content is missing, or no model is named and there is no default; KC001 another memory
--         refers to the same point of Qdrant; KC002 the version is not the current one; KC004 it was replaced before,
--         or the model is retired
-- Locks   the conversation it counts in against its erasure, which goes the same way; then the old memory's row
create or replace function api.replace_memory(
  p_user_id           uuid,
  p_memory_id         uuid,
  p_content           text,
  p_kind              text default null,
  p_importance        double precision default null,
  p_metadata          jsonb default null,
  p_valid_from        timestamptz default null,
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
  v_old  memory.semantic_memories;
  v_new  memory.semantic_memories;
  v_next uuid;
  v_id   uuid;
begin
  p_user_id := core.act_for(p_user_id);

  perform from chat.conversations c
    where c.user_id = p_user_id
      and c.id = (select m.conversation_id from memory.semantic_memories m where m.user_id = p_user_id and m.id = p_memory_id)
      for key share;
  v_old := core.memory_to_change(p_user_id, p_memory_id, p_version);
  select m.id into v_next from memory.semantic_memories m where m.user_id = p_user_id and m.supersedes = p_memory_id;
  if found then
    perform base.raise('KC004', format('It was replaced before, by %s', v_next), 'memory_id');
  end if;

  v_new.user_id := p_user_id;
  v_new.conversation_id := v_old.conversation_id;
  v_new.supersedes := v_old.id;
  v_new.content := p_content;
  v_new.kind := coalesce(p_kind, v_old.kind);
  v_new.importance := coalesce(p_importance, v_old.importance);
  v_new.metadata := coalesce(p_metadata, v_old.metadata);
  -- Who wrote the old one may have begun after this transaction did.
  v_new.valid_from := coalesce(p_valid_from, greatest(now(), v_old.valid_from));
  v_new.expires_at := p_expires_at;
  v_new.qdrant_collection := p_qdrant_collection;
  v_new.qdrant_point_id := p_qdrant_point_id;
  if v_new.valid_from < v_old.valid_from then
    perform base.raise('VL001', 'valid_from must not be before that of the memory it replaces', 'valid_from');
  end if;

  v_id := (core.add_memories(array[v_new]))[1];
  perform core.embed_memories(p_user_id, array[v_id], array[p_content], array[p_embedding], p_model);
  update memory.semantic_memories m
     set valid_to = v_new.valid_from
   where m.user_id = p_user_id and m.id = p_memory_id and (m.valid_to is null or m.valid_to > v_new.valid_from);

  return query select d.* from core.memory_details d where d.id = v_id;
end
$$;

comment on function
  api.replace_memory(uuid, uuid, text, text, double precision, jsonb, timestamptz, timestamptz, text, text, integer,
                     ext.vector, text) is
  'A fact has changed: closes the memory and puts another in its place';
grant execute on function
  api.replace_memory(uuid, uuid, text, text, double precision, jsonb, timestamptz, timestamptz, text, text, integer,
                     ext.vector, text)
  to plinth_web, plinth_operator;
select http.expose('POST /v1/memories/{memory_id}/replace', 'api.replace_memory',
                   permission => 'self:write', status => 201);
