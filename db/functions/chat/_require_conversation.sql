-- core.require_conversation: a conversation of the user; what is deleted or another user's is missing.
--
-- Errors  NF001 there is no such conversation
-- Locks   with p_lock the conversation's row
create or replace function core.require_conversation(p_user_id uuid, p_conversation_id uuid, p_lock boolean default false)
returns chat.conversations
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversation chat.conversations;
begin
  if p_lock then
    select c.* into v_conversation from chat.conversations c
     where c.user_id = p_user_id and c.id = p_conversation_id and c.status <> 'deleted' for no key update;
  else
    select c.* into v_conversation from chat.conversations c
     where c.user_id = p_user_id and c.id = p_conversation_id and c.status <> 'deleted';
  end if;
  if not found then
    perform base.raise('NF001', 'There is no such conversation', 'conversation_id');
  end if;
  return v_conversation;
end
$$;

comment on function core.require_conversation(uuid, uuid, boolean) is
  'A conversation of the user; what is deleted or another user''s is missing';
grant execute on function core.require_conversation(uuid, uuid, boolean) to plinth_system;
