-- core.erase_conversation_rows: removes of what hangs on a conversation at most so many rows: messages, the newest
-- first, then memories and plans; runs of skills stay as numbers, without what was said. Returns how many rows it took;
-- when fewer than it might, nothing is left but the conversation.
--
-- Rules   A plan counts as 200 rows: so many steps it may have.
-- Why plan_cache_mode   Foreign keys ask for each row that goes; planned anew each time, that would take twice as long.
-- Locks   messages, then memories, both in the order of their ids like whoever keeps vectors of them; those of
--         core.lock_embeddings; the user's rows of memory.embedding_counts; plans and runs. The conversation's row
--         before, by who calls
create or replace function core.erase_conversation_rows(p_user_id uuid, p_conversation_id uuid, p_most integer)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = auto
as $$
declare
  c_plan     constant integer := 200;
  v_left     integer := p_most;
  v_messages uuid[];
  v_memories uuid[];
  v_rows     integer;
begin
  v_messages := array(
    select m.id from chat.messages m
      join (select k.id from chat.messages k where k.user_id = p_user_id and k.conversation_id = p_conversation_id
             order by k.id desc limit v_left) k on k.id = m.id
     where m.user_id = p_user_id
     order by m.id
       for update of m);
  v_left := v_left - cardinality(v_messages);
  v_memories := array(
    select m.id from memory.semantic_memories m
     where m.user_id = p_user_id and m.conversation_id = p_conversation_id
     order by m.id limit v_left
       for update);
  v_left := v_left - cardinality(v_memories);
  perform core.lock_embeddings(p_user_id, v_messages, v_memories);

  delete from chat.messages m using unnest(v_messages) as k (id) where m.user_id = p_user_id and m.id = k.id;
  delete from memory.semantic_memories m using unnest(v_memories) as k (id) where m.user_id = p_user_id and m.id = k.id;

  delete from chat.planner_executions p
   using (select k.id from chat.planner_executions k where k.user_id = p_user_id and k.conversation_id = p_conversation_id
           order by k.id limit ceil(v_left::numeric / c_plan)) k
   where p.user_id = p_user_id and p.id = k.id;
  get diagnostics v_rows = row_count;
  v_left := greatest(v_left - v_rows * c_plan, 0);

  update chat.function_executions e set conversation_id = null
    from (select k.id from chat.function_executions k where k.user_id = p_user_id and k.conversation_id = p_conversation_id
           order by k.id limit v_left) k
   where e.user_id = p_user_id and e.id = k.id;
  get diagnostics v_rows = row_count;
  return p_most - v_left + v_rows;
end
$$;

comment on function core.erase_conversation_rows(uuid, uuid, integer) is
  'Removes of what hangs on a conversation at most so many rows; returns how many';
grant execute on function core.erase_conversation_rows(uuid, uuid, integer) to plinth_system;
