-- api.delete_message: removes a message with its edits, for good.
--
-- Rules   What answered it answers what it answered: on the main line, the message before it. So every other branch
--         keeps its way to the beginning. What a summary covered up to it, it covers up to the one before; where there
--         is none, the summary goes with it. Its client_id is free again.
--         The message that a conversation begins with goes last where branches begin with it: without it there would be
--         nothing to tell them apart.
-- Why plan_cache_mode   To plan a look into partitions costs more than to look. Planned once, for any values, it passes
--         over the partitions that are not meant when it begins.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such message; KC007 the conversation begins with it,
--         and more than one message follows it at once
-- Locks   the conversation's row, then the message's, then its answers; then those of core.lock_embeddings
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
  v_before  uuid;
begin
  p_user_id := core.act_for(p_user_id);
  v_message := core.message_to_change(p_user_id, p_message_id);

  v_before := coalesce(v_message.parent_id, (
    select m.id from chat.messages m
     where m.user_id = p_user_id and m.conversation_id = v_message.conversation_id and m.parent_id is null
       and m.id < p_message_id
     order by m.id desc limit 1));
  if v_before is null then
    if (select count(*) from (select from chat.messages a where a.user_id = p_user_id and a.parent_id = p_message_id
                               limit 2) a)
       + (select count(*) from (select from chat.messages m
                                 where m.user_id = p_user_id and m.conversation_id = v_message.conversation_id
                                   and m.parent_id is null and m.id > p_message_id and exists (
                                     select from chat.messages a
                                      where a.user_id = p_user_id and a.parent_id = p_message_id)
                                 limit 1) m) > 1
    then
      perform base.raise('KC007', 'Branches begin with this message: remove what follows it on all but one first',
                         'message_id');
    end if;
  end if;

  update chat.messages a set parent_id = v_before where a.user_id = p_user_id and a.parent_id = p_message_id;
  update chat.conversations c
     set summary = case when v_before is not null then c.summary end, summary_until = v_before
   where c.user_id = p_user_id and c.id = v_message.conversation_id and c.summary_until = p_message_id;
  perform core.lock_embeddings(p_user_id, array[p_message_id], null);
  delete from chat.messages m where m.user_id = p_user_id and m.id = p_message_id;
  perform ops.write_audit('delete', 'chat.messages', p_message_id::text, p_user_id);
end
$$;

comment on function api.delete_message(uuid, uuid) is 'Removes a message with its edits';
grant execute on function api.delete_message(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/messages/{message_id}', 'api.delete_message', permission => 'self:write', status => 204);
