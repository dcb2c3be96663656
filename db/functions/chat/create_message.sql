-- api.create_message: adds a message to a conversation.
--
-- Rules   It has content, or tool_calls, or both. Without parent_id it goes on with the main line; with it, it answers
--         that message, on a branch. Ids grow in the order of writing, so who reads on from the last one misses none.
--         client_id is the application's own name for it, unique per user: the same call with the same name again is
--         answered with the message as it is now, and writes nothing.
-- Why plan_cache_mode   To plan a look into partitions costs more than to look. Planned once, for any values, it passes
--         over the partitions that are not meant when it begins.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such conversation, or the parent is not in it; VL003 there is no
--         role, or neither content nor tool_calls; VL001 a field breaks a rule; KC001 the client_id is another
--         message's; KC008 a pinned message too many
-- Locks   the conversation's row, and the name, where there is one
create or replace function api.create_message(
  p_user_id           uuid,
  p_conversation_id   uuid,
  p_role              text,
  p_content           text default null,
  p_tool_calls        jsonb default null,
  p_tool_call_id      text default null,
  p_model             text default null,
  p_prompt_tokens     integer default null,
  p_completion_tokens integer default null,
  p_parent_id         uuid default null,
  p_metadata          jsonb default null,
  p_pinned            boolean default null,
  p_client_id         text default null
)
returns setof core.message_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
  v_id uuid;
begin
  p_user_id := core.act_for(p_user_id);
  v_id := core.add_message(core.require_conversation(p_user_id, p_conversation_id, true), p_role, p_content, p_tool_calls,
                           p_tool_call_id, p_model, p_prompt_tokens, p_completion_tokens, p_parent_id, p_metadata,
                           p_pinned, p_client_id);
  return query select d.* from core.message_details d where d.id = v_id;
end
$$;

comment on function
  api.create_message(uuid, uuid, text, text, jsonb, text, text, integer, integer, uuid, jsonb, boolean, text) is
  'Adds a message to a conversation';
grant execute on function
  api.create_message(uuid, uuid, text, text, jsonb, text, text, integer, integer, uuid, jsonb, boolean, text)
  to plinth_web, plinth_operator;
select http.expose('POST /v1/conversations/{conversation_id}/messages', 'api.create_message', permission => 'self:write',
                   status => 201);
