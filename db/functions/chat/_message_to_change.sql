-- core.message_to_change: a message of the user, locked. In a deleted conversation it is missing, like another user's.
--
-- Errors  NF001 there is no such message
-- Locks   the conversation's row, then the message's: whoever writes a message locks in this order
create or replace function core.message_to_change(p_user_id uuid, p_message_id uuid)
returns chat.messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message chat.messages;
begin
  perform from chat.conversations c
    where c.user_id = p_user_id and c.status <> 'deleted'
      and c.id = (select m.conversation_id from chat.messages m where m.user_id = p_user_id and m.id = p_message_id)
      for no key update;
  if found then
    select m.* into v_message from chat.messages m where m.user_id = p_user_id and m.id = p_message_id for no key update;
  end if;
  if v_message.id is null then
    perform base.raise('NF001', 'There is no such message', 'message_id');
  end if;
  return v_message;
end
$$;

comment on function core.message_to_change(uuid, uuid) is 'A message of the user, locked';
