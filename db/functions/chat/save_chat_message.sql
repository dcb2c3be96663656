-- compat.save_chat_message: api.create_message as others call it, with the caller's own ids for message and session.
-- Returns the id of the message.
--
-- Rules   The session is the id of a conversation or the caller's own name for one, which is begun where there is none.
--         The same call again writes nothing and returns the same id.
-- Errors  as api.create_conversation and api.create_message
create or replace function compat.save_chat_message(
  p_message_id text,
  p_user_id    uuid,
  p_session_id text,
  p_model      text,
  p_role       text,
  p_content    text
)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversation_id uuid;
begin
  select c.id into v_conversation_id from chat.conversations c
   where c.user_id = p_user_id and c.client_id = p_session_id;
  if not found then
    if p_session_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      select c.id into v_conversation_id from chat.conversations c
       where c.user_id = p_user_id and c.id = p_session_id::uuid;
    end if;
  end if;
  if v_conversation_id is null then
    select c.id into v_conversation_id from api.create_conversation(p_user_id, p_client_id => coalesce(p_session_id, '')) c;
  end if;
  return (select m.id from api.create_message(p_user_id, v_conversation_id, p_role, p_content, p_model => p_model,
                                              p_client_id => p_message_id) m);
end
$$;

comment on function compat.save_chat_message(text, uuid, text, text, text, text) is
  'Adds a message to a conversation; message and session by the caller''s own ids';
grant execute on function compat.save_chat_message(text, uuid, text, text, text, text) to plinth_operator;
