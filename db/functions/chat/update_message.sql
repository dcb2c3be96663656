-- api.update_message: changes a message: an edit of its text, its tokens, pinning and unpinning.
--
-- Rules   What is not named stays; metadata is replaced whole. A text or tool_calls that were replaced are kept, see
--         list_message_edits. With p_version the change is made only while that is the current version (optimistic).
-- Why plan_cache_mode   To plan a look into partitions costs more than to look. Planned once, for any values, it passes
--         over the partitions that are not meant when it begins.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such message; VL001 a field breaks a rule; VL003 neither content
--         nor tool_calls would be left; KC002 the version is not the current one; KC008 edited too often, or a pinned
--         message too many
-- Locks   the conversation's row, then the message's
create or replace function api.update_message(
  p_user_id           uuid,
  p_message_id        uuid,
  p_content           text default null,
  p_tool_calls        jsonb default null,
  p_model             text default null,
  p_prompt_tokens     integer default null,
  p_completion_tokens integer default null,
  p_metadata          jsonb default null,
  p_pinned            boolean default null,
  p_version           integer default null
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
  v_message chat.messages;
begin
  p_user_id := core.act_for(p_user_id);
  perform core.check_message(null, p_content, null, null, p_model, p_prompt_tokens, p_completion_tokens, p_metadata);

  v_message := core.message_to_change(p_user_id, p_message_id);
  perform core.check_message(v_message.role, null, p_tool_calls, null, null, null, null, null);
  if p_version <> v_message.version then
    perform base.raise('KC002', format('The version is %s by now, not %s', v_message.version, p_version), 'version');
  end if;
  if coalesce(p_content, v_message.content) = ''
     and nullif(coalesce(p_tool_calls, v_message.tool_calls), '[]') is null
  then
    perform base.raise('VL003', 'A message needs content or tool_calls', 'content');
  end if;
  if p_content <> v_message.content or p_tool_calls is distinct from coalesce(v_message.tool_calls, p_tool_calls) then
    if (select count(*) from chat.message_edits e where e.user_id = p_user_id and e.message_id = p_message_id)
       >= base.setting('chat.edit_limit')::integer
    then
      perform base.raise('KC008', format('It was edited %s times; write another message', base.setting('chat.edit_limit')));
    end if;
  end if;
  if p_pinned and not v_message.pinned then
    perform core.check_pins(p_user_id, v_message.conversation_id);
  end if;

  update chat.messages m
     set content = coalesce(p_content, m.content),
         tool_calls = nullif(coalesce(p_tool_calls, m.tool_calls), '[]'),
         model = coalesce(p_model, m.model),
         prompt_tokens = coalesce(p_prompt_tokens, m.prompt_tokens),
         completion_tokens = coalesce(p_completion_tokens, m.completion_tokens),
         metadata = coalesce(p_metadata, m.metadata),
         pinned = coalesce(p_pinned, m.pinned)
   where m.user_id = p_user_id and m.id = p_message_id;

  return query select d.* from core.message_details d where d.id = p_message_id;
end
$$;

comment on function api.update_message(uuid, uuid, text, jsonb, text, integer, integer, jsonb, boolean, integer) is
  'Changes a message; the text it had is kept';
grant execute on function api.update_message(uuid, uuid, text, jsonb, text, integer, integer, jsonb, boolean, integer)
  to plinth_web, plinth_operator;
select http.expose('PATCH /v1/messages/{message_id}', 'api.update_message', permission => 'self:write');
