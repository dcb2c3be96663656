-- api.erase_conversation: removes a conversation and all that hangs on it, for good. Tells how many rows went.
--
-- Rules   Whatever its status is: nothing has to be deleted first, and nothing brings it back. With it go its messages,
--         their former texts, names and embeddings, the memories that are of it alone, and its plans. Executions of
--         skills stay, without saying where they were.
--         Of a long one the call removes what it is called and 2,000 rows of what hangs on it; from then on it is
--         missing everywhere. A job removes the rest: remaining tells how many rows that are. The names of messages are
--         free again when they are gone. The other numbers are of all that goes.
-- Why plan_cache_mode   What hangs on few messages is looked up by keys, what hangs on very many is not.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such conversation
-- Locks   the conversation's row, then what hangs on it
create or replace function api.erase_conversation(p_user_id uuid, p_conversation_id uuid)
returns table (
  conversations      bigint,
  messages           bigint,
  message_edits      bigint,
  message_client_ids bigint,
  embeddings         bigint,
  memories           bigint,
  plans              bigint,
  remaining          bigint
)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  c_most constant integer := 2000;
begin
  p_user_id := core.act_for(p_user_id);
  perform from chat.conversations c where c.user_id = p_user_id and c.id = p_conversation_id
      and c.erase_after is distinct from '-infinity' for update;
  if not found then
    perform base.raise('NF001', 'There is no such conversation', 'conversation_id');
  end if;

  with message as materialized (
    select m.id from chat.messages m where m.user_id = p_user_id and m.conversation_id = p_conversation_id
  ), memory as materialized (
    select m.id from memory.semantic_memories m where m.user_id = p_user_id and m.conversation_id = p_conversation_id
  )
  select (select count(*) from message),
         (select count(*) from chat.message_edits e join message m on m.id = e.message_id where e.user_id = p_user_id),
         (select count(*) from chat.message_client_ids k join message m on m.id = k.message_id where k.user_id = p_user_id),
         (select count(*) from memory.embeddings e join message m on m.id = e.message_id where e.user_id = p_user_id)
         + (select count(*) from memory.embeddings e join memory m on m.id = e.memory_id where e.user_id = p_user_id),
         (select count(*) from memory),
         (select count(*) from chat.planner_executions p
           where p.user_id = p_user_id and p.conversation_id = p_conversation_id)
    into messages, message_edits, message_client_ids, embeddings, memories, plans;
  conversations := 1;
  remaining := 0;
  if core.erase_conversation_rows(p_user_id, p_conversation_id, c_most) < c_most then
    delete from chat.conversations c where c.user_id = p_user_id and c.id = p_conversation_id;
  else
    remaining :=
        (select count(*) from chat.messages m where m.user_id = p_user_id and m.conversation_id = p_conversation_id)
      + (select count(*) from memory.semantic_memories m where m.user_id = p_user_id and m.conversation_id = p_conversation_id)
      + (select count(*) from chat.planner_executions p where p.user_id = p_user_id and p.conversation_id = p_conversation_id)
      + (select count(*) from chat.function_executions e where e.user_id = p_user_id and e.conversation_id = p_conversation_id);
    update chat.conversations c
       set status = 'deleted', erase_after = '-infinity', client_id = null, client_fingerprint = null, title = null,
           model = null, context = '{}', metadata = '{}', summary = null, summary_until = null
     where c.user_id = p_user_id and c.id = p_conversation_id;
  end if;
  return next;
end
$$;

comment on function api.erase_conversation(uuid, uuid) is 'Removes a conversation and all that hangs on it, for good';
grant execute on function api.erase_conversation(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('POST /v1/conversations/{conversation_id}/erase', 'api.erase_conversation', permission => 'self:write',
                   lane => 'slow');
