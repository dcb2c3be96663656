-- core.tool_group: a message, and where it is the call of a tool or a result, the call with all results behind it on
-- the way to a leaf. p_chain is the branch the leaf is on, up to the main line at p_junction, or as far as it was
-- followed.
create or replace function core.tool_group(p_user_id uuid, p_message_id uuid, p_chain uuid[], p_junction uuid)
returns setof uuid
language plpgsql
stable
rows 3
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message chat.messages;
  v_first   uuid;
  v_next    uuid;
begin
  select m.* into v_message from chat.messages m where m.user_id = p_user_id and m.id = p_message_id;
  if v_message.role <> 'tool' and v_message.tool_calls is null then
    return next p_message_id;
    return;
  end if;

  -- All of the chain but the junction is behind the main line, as far as that is part of the way.
  v_first := greatest(
    (select m.id from chat.messages m
      where m.user_id = p_user_id and m.id = any (p_chain) and m.id <= p_message_id and m.role <> 'tool'
      order by m.id desc limit 1),
    (select m.id from chat.messages m
      where m.user_id = p_user_id and m.conversation_id = v_message.conversation_id and m.parent_id is null
        and m.id <= p_message_id and m.id <= p_junction and m.role <> 'tool'
      order by m.id desc limit 1));
  v_next := least(
    (select m.id from chat.messages m
      where m.user_id = p_user_id and m.id = any (p_chain) and m.id > p_message_id and m.role <> 'tool'
      order by m.id limit 1),
    (select m.id from chat.messages m
      where m.user_id = p_user_id and m.conversation_id = v_message.conversation_id and m.parent_id is null
        and m.id > p_message_id and m.id <= p_junction and m.role <> 'tool'
      order by m.id limit 1));
  return query
    select m.id from chat.messages m
     where m.user_id = p_user_id and m.id = any (p_chain)
       and m.id >= coalesce(v_first, p_message_id) and (m.id < v_next or v_next is null)
    union
    select m.id from chat.messages m
     where m.user_id = p_user_id and m.conversation_id = v_message.conversation_id and m.parent_id is null
       and m.id >= coalesce(v_first, p_message_id) and m.id <= p_junction and (m.id < v_next or v_next is null);
end
$$;

comment on function core.tool_group(uuid, uuid, uuid[], uuid) is
  'A message; the call of a tool and all results go together';
