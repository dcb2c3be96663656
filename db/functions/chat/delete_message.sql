-- api.delete_message: removes a message with its edits, for good.
--
-- Rules   What answered it answers what it answered: on the main line, the message before it. So every other branch
--         keeps its way to the beginning. Its client_id is free again.
-- Why plan_cache_mode   To plan a look into partitions costs more than to look. Planned once, for any values, it passes
--         over the partitions that are not meant when it begins.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such message
-- Locks   the conversation's row, then the message's, then its answers
create or replace function api.delete_message(p_user_id uuid, p_message_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
  v_message chat.messages;
begin
  p_user_id := core.act_for(p_user_id);
  v_message := core.message_to_change(p_user_id, p_message_id);

  update chat.messages a
     set parent_id = coalesce(v_message.parent_id, (
           select m.id from chat.messages m
            where m.user_id = p_user_id and m.conversation_id = v_message.conversation_id and m.parent_id is null
              and m.id < p_message_id
            order by m.id desc limit 1))
   where a.user_id = p_user_id and a.parent_id = p_message_id;
  delete from chat.messages m where m.user_id = p_user_id and m.id = p_message_id;
  perform ops.write_audit('delete', 'chat.messages', p_message_id::text, p_user_id);
end
$$;

comment on function api.delete_message(uuid, uuid) is 'Removes a message with its edits';
grant execute on function api.delete_message(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/messages/{message_id}', 'api.delete_message', permission => 'self:write', status => 204);
