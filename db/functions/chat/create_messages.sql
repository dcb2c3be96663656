-- api.create_messages: adds up to 50 messages to a conversation at once, in their order: a question and its answer.
--
-- Rules   Each is an object with the fields of create_message and its rules. All are written, or none.
-- Why plan_cache_mode   To plan a look into partitions costs more than to look. Planned once, for any values, it passes
--         over the partitions that are not meant when it begins.
-- Why offset 0   As in core.branch_ids: each is looked up by its key.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such conversation, or a parent is not in it; VL001 not a list of
--         1 to 50 objects, or a field breaks a rule; VL002 there is no such field; VL003 a message has no role, or
--         neither content nor tool_calls; KC001 a client_id is another message's; KC008 a pinned message too many
-- Locks   the conversation's row, and the names in the order of the list
create or replace function api.create_messages(p_user_id uuid, p_conversation_id uuid, p_messages jsonb)
returns table (items json)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
  v_item    jsonb;
  v_n       bigint;
  v_message record;
  v_ids     uuid[] := '{}';
  v_code    text;
  v_words   text;
  v_field   text;
begin
  p_user_id := core.act_for(p_user_id);
  if jsonb_typeof(p_messages) is distinct from 'array' or jsonb_array_length(p_messages) not between 1 and 50 then
    perform base.raise('VL001', 'messages must be a list of 1 to 50', 'messages');
  end if;
  perform core.require_conversation(p_user_id, p_conversation_id, true);

  for v_item, v_n in
    select e.item, e.n - 1 from jsonb_array_elements(p_messages) with ordinality as e (item, n) order by e.n
  loop
    if jsonb_typeof(v_item) <> 'object' then
      perform base.raise('VL001', 'A message must be an object', format('messages[%s]', v_n));
    end if;
    select k.name into v_field from jsonb_object_keys(v_item) as k (name)
     where k.name not in ('role', 'content', 'tool_calls', 'tool_call_id', 'model', 'prompt_tokens', 'completion_tokens',
                          'parent_id', 'metadata', 'pinned', 'client_id')
     order by 1 limit 1;
    if found then
      perform base.raise('VL002', 'There is no such field', format('messages[%s].%s', v_n, left(v_field, 100)));
    end if;
    begin
      perform core.check_types(v_item);
      select r.* into v_message from jsonb_to_record(jsonb_strip_nulls(v_item - '{tool_calls,metadata}'::text[])) as r
        (role text, content text, tool_call_id text, model text, prompt_tokens integer, completion_tokens integer,
         parent_id uuid, pinned boolean, client_id text);
      v_ids := v_ids || core.add_message(
        core.require_conversation(p_user_id, p_conversation_id, true), v_message.role, v_message.content,
        nullif(v_item -> 'tool_calls', 'null'), v_message.tool_call_id, v_message.model, v_message.prompt_tokens,
        v_message.completion_tokens, v_message.parent_id, nullif(v_item -> 'metadata', 'null'), v_message.pinned,
        v_message.client_id);
    exception when sqlstate 'VL001' or sqlstate 'VL003' or sqlstate 'NF001' or sqlstate 'KC001' or sqlstate 'KC008' then
      get stacked diagnostics v_code = returned_sqlstate, v_words = message_text, v_field = column_name;
      perform base.raise(v_code, v_words, concat_ws('.', format('messages[%s]', v_n), nullif(v_field, '')));
    end;
  end loop;

  return query
    select json_agg(d order by i.n)
      from unnest(v_ids) with ordinality as i (id, n)
     cross join lateral (select * from core.message_details m where m.id = i.id offset 0) d;
end
$$;

comment on function api.create_messages(uuid, uuid, jsonb) is 'Adds up to 50 messages to a conversation at once';
grant execute on function api.create_messages(uuid, uuid, jsonb) to plinth_web, plinth_operator;
select http.expose('POST /v1/conversations/{conversation_id}/messages/bulk', 'api.create_messages',
                   permission => 'self:write', status => 201);
