-- api.export_conversations: the history of the caller, or one conversation of it, a line for each thing: a
-- conversation, then its messages in the order of writing, each followed by its former texts, then the running summary.
-- What it writes, api.import_conversations reads; the fields are those of core.import_fields.
--
-- Rules   Conversations that are deleted are not in it. client_id is the application's own name, or the id.
--         A page has at most 500 lines, and ends with the line that makes it 256 kB. after is the cursor of a line;
--         what follows it comes, whatever was removed meanwhile.
-- Errors  UN001 nobody is signed in; NF001 there is no such conversation; VL001 after is not a place in this history
create or replace function api.export_conversations(
  p_user_id         uuid,
  p_conversation_id uuid default null,
  p_after           text default null
)
returns table (line json, cursor text)
language plpgsql
stable
security definer
rows 500
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  c_lines   constant integer := 500;
  c_bytes   constant integer := 262144;
  v_place   text[] := string_to_array(p_after, '/');
  v_low     uuid;     -- bounds are variables: of an expression, no index is asked under a policy
  v_high    uuid;
  v_talk    chat.conversations;
  v_message chat.messages;
  v_edit    chat.message_edits;
  v_name    text;
  v_from    uuid;     -- the message that was told last
  v_version integer;  -- and which of its former texts
  v_count   integer := 0;
  v_size    bigint := 0;
begin
  p_user_id := core.act_for(p_user_id);
  if p_after !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(/end|/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(/[0-9]{1,9})?)?$' then
    perform base.raise('VL001', 'after must be a place in this history', 'after');
  end if;
  if p_conversation_id is not null then
    perform core.require_conversation(p_user_id, p_conversation_id);
  end if;

  v_low := greatest(p_conversation_id, v_place[1]::uuid, '00000000-0000-0000-0000-000000000000');
  v_high := coalesce(p_conversation_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  for v_talk in
    select c.* from chat.conversations c
     where c.user_id = p_user_id and c.status <> 'deleted' and c.id >= v_low and c.id <= v_high
     order by c.id
     limit c_lines + 1
  loop
    v_name := coalesce(v_talk.client_id, v_talk.id::text);
    v_from := null;
    v_version := null;
    if v_talk.id::text = v_place[1] then
      continue when v_place[2] = 'end';
      v_from := v_place[2];
      v_version := v_place[3];
    else
      line := json_object(
        'type' value 'conversation', 'client_id' value v_name, 'title' value v_talk.title,
        'status' value nullif(v_talk.status, 'active'), 'model' value v_talk.model, 'language' value v_talk.language,
        'context' value nullif(v_talk.context, '{}'), 'metadata' value nullif(v_talk.metadata, '{}'),
        'created_at' value v_talk.created_at absent on null returning json);
      cursor := v_talk.id;
      return next;
      v_count := v_count + 1;
      v_size := v_size + octet_length(line::text);
      if v_count >= c_lines or v_size >= c_bytes then
        return;
      end if;
    end if;

    v_low := coalesce(v_from, v_talk.first_message_id);
    for v_message in
      select m.* from chat.messages m
       where m.user_id = p_user_id and m.conversation_id = v_talk.id and m.id >= v_low and m.id <= v_talk.last_message_id
       order by m.id
       limit c_lines + 1
    loop
      if v_message.id is distinct from v_from then
        v_version := null;
        line := json_object(
          'type' value 'message', 'client_id' value coalesce(v_message.client_id, v_message.id::text),
          'conversation' value v_name,
          'parent' value (select coalesce(p.client_id, p.id::text) from chat.messages p
                           where p.user_id = p_user_id and p.id = v_message.parent_id),
          'role' value v_message.role, 'content' value v_message.content, 'tool_calls' value v_message.tool_calls,
          'tool_call_id' value v_message.tool_call_id, 'model' value v_message.model,
          'prompt_tokens' value v_message.prompt_tokens, 'completion_tokens' value v_message.completion_tokens,
          'metadata' value nullif(v_message.metadata, '{}'), 'pinned' value nullif(v_message.pinned, false),
          'created_at' value v_message.created_at, 'edited_at' value v_message.edited_at,
          'version' value nullif(v_message.version, 1) absent on null returning json);
        cursor := v_talk.id || '/' || v_message.id;
        return next;
        v_count := v_count + 1;
        v_size := v_size + octet_length(line::text);
        if v_count >= c_lines or v_size >= c_bytes then
          return;
        end if;
      end if;

      if v_message.edited_at is not null then
        for v_edit in
          select e.* from chat.message_edits e
           where e.user_id = p_user_id and e.message_id = v_message.id and e.version > coalesce(v_version, 0)
           order by e.version
        loop
          line := json_object(
            'type' value 'edit', 'message' value coalesce(v_message.client_id, v_message.id::text),
            'version' value v_edit.version, 'content' value v_edit.content, 'tool_calls' value v_edit.tool_calls,
            'written_at' value v_edit.written_at, 'edited_at' value v_edit.edited_at absent on null returning json);
          cursor := concat_ws('/', v_talk.id, v_message.id, v_edit.version);
          return next;
          v_count := v_count + 1;
          v_size := v_size + octet_length(line::text);
          if v_count >= c_lines or v_size >= c_bytes then
            return;
          end if;
        end loop;
      end if;
    end loop;

    if v_talk.summary is not null then
      line := json_object(
        'type' value 'summary', 'conversation' value v_name, 'summary' value v_talk.summary,
        'until' value (select coalesce(m.client_id, m.id::text) from chat.messages m
                        where m.user_id = p_user_id and m.id = v_talk.summary_until) absent on null returning json);
      cursor := v_talk.id || '/end';
      return next;
      v_count := v_count + 1;
      v_size := v_size + octet_length(line::text);
      if v_count >= c_lines or v_size >= c_bytes then
        return;
      end if;
    end if;
  end loop;
end
$$;

comment on function api.export_conversations(uuid, uuid, text) is
  'The history of the caller, or one conversation of it, a line for each conversation, message, former text and summary';
grant execute on function api.export_conversations(uuid, uuid, text) to plinth_web, plinth_operator;
select http.expose('GET /v1/conversations/export', 'api.export_conversations', result => 'stream', cost => 10);
select http.expose('GET /v1/conversations/{conversation_id}/export', 'api.export_conversations', result => 'stream',
                   cost => 10);
