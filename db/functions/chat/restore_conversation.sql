-- api.restore_conversation: brings a conversation back that was archived or deleted.
--
-- Rules   One that is active stays so.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such conversation, or it is erased
-- Locks   the conversation's row
create or replace function api.restore_conversation(p_user_id uuid, p_conversation_id uuid)
returns setof core.conversation_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  update chat.conversations c set status = 'active'
   where c.user_id = p_user_id and c.id = p_conversation_id and c.erase_after is distinct from '-infinity';
  if not found then
    perform base.raise('NF001', 'There is no such conversation', 'conversation_id');
  end if;
  return query select d.* from core.conversation_details d where d.id = p_conversation_id;
end
$$;

comment on function api.restore_conversation(uuid, uuid) is 'Brings an archived or deleted conversation back';
grant execute on function api.restore_conversation(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('POST /v1/conversations/{conversation_id}/restore', 'api.restore_conversation',
                   permission => 'self:write');
