-- api.delete_conversation: deletes a conversation with its messages. It can be restored for chat.grace_days.
--
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such conversation
-- Locks   the conversation's row
create or replace function api.delete_conversation(p_user_id uuid, p_conversation_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform core.require_conversation(p_user_id, p_conversation_id, true);
  update chat.conversations c set status = 'deleted' where c.user_id = p_user_id and c.id = p_conversation_id;
end
$$;

comment on function api.delete_conversation(uuid, uuid) is 'Deletes a conversation; it can be restored for a while';
grant execute on function api.delete_conversation(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/conversations/{conversation_id}', 'api.delete_conversation', permission => 'self:write',
                   status => 204);
