-- api.create_memory: writes a memory down: one short text, true from valid_from on.
--
-- Rules   With a conversation it counts in that one only, and goes with it.
--         What changes later is no update: replace_memory closes it and puts another in its place.
--         embedding is the vector that model (or the default one) made of content; it is kept in the same transaction.
--         A point of Qdrant names one memory of a user at most.
-- Permission self:write
-- Errors  UN001 nobody is signed in; VL001 a field breaks a rule; VL003 content is missing, or no model is named and
--         there is no default; NF001 there is no such conversation or model; KC001 another memory refers to the same
--         point of Qdrant; KC004 the model is retired
-- Locks   the conversation, shared, against its erasure
create or replace function api.create_memory(
  p_user_id           uuid,
  p_content           text,
  p_kind              text default null,
  p_importance        double precision default null,
  p_metadata          jsonb default null,
  p_conversation_id   uuid default null,
  p_valid_from        timestamptz default null,
  p_valid_to          timestamptz default null,
  p_expires_at        timestamptz default null,
  p_qdrant_collection text default null,
  p_qdrant_point_id   text default null,
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
  v_id     uuid;
begin
  p_user_id := core.act_for(p_user_id);

  v_memory.user_id := p_user_id;
  v_memory.content := p_content;
  v_memory.kind := p_kind;
  v_memory.importance := p_importance;
  v_memory.metadata := p_metadata;
  v_memory.conversation_id := p_conversation_id;
  v_memory.valid_from := p_valid_from;
  v_memory.valid_to := p_valid_to;
  v_memory.expires_at := p_expires_at;
  v_memory.qdrant_collection := p_qdrant_collection;
  v_memory.qdrant_point_id := p_qdrant_point_id;
  v_id := (core.add_memories(array[v_memory]))[1];
  perform core.embed_memories(p_user_id, array[v_id], array[p_content], array[p_embedding], p_model);

  return query select d.* from core.memory_details d where d.id = v_id;
end
$$;

comment on function api.create_memory(uuid, text, text, double precision, jsonb, uuid, timestamptz, timestamptz, timestamptz,
                                      text, text, ext.vector, text) is
  'Writes a memory down';
grant execute on function
  api.create_memory(uuid, text, text, double precision, jsonb, uuid, timestamptz, timestamptz, timestamptz, text, text,
                    ext.vector, text)
  to plinth_web, plinth_operator;
select http.expose('POST /v1/memories', 'api.create_memory', permission => 'self:write', status => 201);
