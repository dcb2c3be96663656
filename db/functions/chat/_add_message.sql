-- core.add_message: writes one message into a conversation whose row is locked. Returns its id; where its client_id and
-- all else is that of an earlier message, that one's.
--
-- Errors  VL003 there is no role, or neither content nor tool_calls; VL001 a field breaks a rule; NF001 the parent is
--         not in this conversation; KC001 the client_id is another message's; KC008 a pinned message too many
-- Locks   the name, where there is one; the conversation's row before, by who calls
create or replace function core.add_message(
  p_conversation      chat.conversations,
  p_role              text,
  p_content           text,
  p_tool_calls        jsonb,
  p_tool_call_id      text,
  p_model             text,
  p_prompt_tokens     integer,
  p_completion_tokens integer,
  p_parent_id         uuid,
  p_metadata          jsonb,
  p_pinned            boolean,
  p_client_id         text
)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id          uuid;
  v_known       bytea;
  v_fingerprint bytea;
begin
  if p_role is null then
    perform base.raise('VL003', 'A message needs a role', 'role');
  end if;
  p_tool_calls := nullif(p_tool_calls, '[]');
  if coalesce(p_content, '') = '' and p_tool_calls is null then
    perform base.raise('VL003', 'A message needs content or tool_calls', 'content');
  end if;
  perform core.check_message(p_role, p_content, p_tool_calls, p_tool_call_id, p_model, p_prompt_tokens,
                             p_completion_tokens, p_metadata);

  if p_client_id is not null then
    perform core.check_client_id(p_client_id);
    v_fingerprint := sha256(convert_to(jsonb_build_array(
      p_conversation.id, p_role, p_content, p_tool_calls, p_tool_call_id, p_model, p_prompt_tokens, p_completion_tokens,
      p_parent_id, p_metadata, p_pinned)::text, 'UTF8'));
    select k.message_id, k.fingerprint into v_id, v_known from chat.message_client_ids k
     where k.user_id = p_conversation.user_id and k.client_id = p_client_id;
    if found then
      if v_known <> v_fingerprint then
        perform base.raise('KC001', 'The client_id is that of another message', 'client_id');
      end if;
      return v_id;
    end if;
  end if;

  if p_pinned then
    perform core.check_pins(p_conversation.user_id, p_conversation.id);
  end if;

  v_id := core.next_message_id(p_conversation.last_message_id);
  -- The trigger finds out about an older one that is missing; a younger one, the table's own rule would refuse first.
  if p_parent_id >= v_id then
    perform base.raise('NF001', 'There is no such message in this conversation', 'parent_id');
  end if;
  insert into chat.messages
    (user_id, id, conversation_id, parent_id, client_id, role, content, tool_calls, tool_call_id, model, prompt_tokens,
     completion_tokens, metadata, pinned)
  values
    (p_conversation.user_id, v_id, p_conversation.id, p_parent_id, p_client_id, p_role, coalesce(p_content, ''),
     p_tool_calls, p_tool_call_id, p_model, p_prompt_tokens, p_completion_tokens, coalesce(p_metadata, '{}'),
     coalesce(p_pinned, false));

  if p_client_id is not null then
    insert into chat.message_client_ids (user_id, client_id, message_id, fingerprint)
    values (p_conversation.user_id, p_client_id, v_id, v_fingerprint)
    on conflict do nothing;
    if not found then
      perform base.raise('KC001', 'The client_id is that of another message', 'client_id');
    end if;
  end if;
  return v_id;
end
$$;

comment on function
  core.add_message(chat.conversations, text, text, jsonb, text, text, integer, integer, uuid, jsonb, boolean, text) is
  'Writes one message into a conversation whose row is locked';
