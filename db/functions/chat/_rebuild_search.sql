-- core.rebuild_search: the job that reads messages and memories anew whose conversation is in another language now.
--
-- Rules   Nothing else of them changes, neither the version nor when they changed. Until it is done, they are found by
--         the words of the former language.
-- Locks   the conversation, then its messages and memories, like whoever writes them; one that somebody has is left for
--         later
-- Owned by plinth_system: a job for all users.
create or replace function core.rebuild_search(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user         uuid;
  v_conversation uuid;
  v_ids          uuid[];
  v_count        integer := 0;
begin
  loop
    select c.user_id, c.id into v_user, v_conversation
      from chat.search_rebuilds r
      join chat.conversations c on c.user_id = r.user_id and c.id = r.conversation_id
     limit 1
       for no key update of c skip locked;
    exit when not found;

    v_ids := array(
      select t.id
        from chat.search_rebuilds r
       cross join lateral (
         select m.id from chat.messages m
          where m.user_id = r.user_id and m.conversation_id = r.conversation_id and m.id > r.after
         union all
         select m.id from memory.semantic_memories m
          where m.user_id = r.user_id and m.conversation_id = r.conversation_id and m.id > r.after) t
       where r.user_id = v_user and r.conversation_id = v_conversation
       order by t.id
       limit p_limit - v_count);
    update chat.messages m set search = '' where m.user_id = v_user and m.id = any (v_ids);
    update memory.semantic_memories m set search = '' where m.user_id = v_user and m.id = any (v_ids);
    v_count := v_count + cardinality(v_ids);

    if v_count >= p_limit then
      update chat.search_rebuilds r set after = v_ids[cardinality(v_ids)]
       where r.user_id = v_user and r.conversation_id = v_conversation;
      exit;
    end if;
    delete from chat.search_rebuilds r where r.user_id = v_user and r.conversation_id = v_conversation;
  end loop;
  return v_count;
end
$$;

comment on function core.rebuild_search(integer) is
  'Reads messages and memories anew whose conversation is in another language now';
alter function core.rebuild_search(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it: http.run_job calls it.
set local role plinth_system;
grant execute on function core.rebuild_search(integer) to plinth_owner;
set local role plinth_owner;
select http.schedule('core.rebuild_search', every => '10 seconds');
