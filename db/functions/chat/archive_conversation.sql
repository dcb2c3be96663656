-- api.archive_conversation: puts a conversation away. It goes on working, and is listed where archived ones are wanted.
--
-- Rules   One that is archived stays so.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such conversation
-- Locks   the conversation's row
create or replace function api.archive_conversation(p_user_id uuid, p_conversation_id uuid)
returns setof core.conversation_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform core.require_conversation(p_user_id, p_conversation_id, true);
  update chat.conversations c set status = 'archived' where c.user_id = p_user_id and c.id = p_conversation_id;
  return query select d.* from core.conversation_details d where d.id = p_conversation_id;
end
$$;

comment on function api.archive_conversation(uuid, uuid) is 'Puts a conversation away';
grant execute on function api.archive_conversation(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('POST /v1/conversations/{conversation_id}/archive', 'api.archive_conversation',
                   permission => 'self:write');
