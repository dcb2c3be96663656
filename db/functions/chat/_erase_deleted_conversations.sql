-- core.erase_deleted_conversations: removes conversations whose time to be restored is over, and what is left of those
-- that are erased, with all that hangs on them. Whatever hangs on them counts, so that no run takes for ever: a
-- conversation goes itself in the run that finds no more of it.
--
-- Locks   the conversations, passing over those that another holds, such as who restores one; then of one after the
--         other what hangs on it
-- Owned by plinth_system: a job for all users.
create or replace function core.erase_deleted_conversations(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_talk  record;
  v_count integer := 0;
begin
  for v_talk in
    select c.user_id, c.id from chat.conversations c
     where c.erase_after < now()
     order by c.erase_after
     limit p_limit
       for update skip locked
  loop
    v_count := v_count + core.erase_conversation_rows(v_talk.user_id, v_talk.id, p_limit - v_count);
    exit when v_count >= p_limit;
    delete from chat.conversations c where c.user_id = v_talk.user_id and c.id = v_talk.id;
    v_count := v_count + 1;
    exit when v_count >= p_limit;
  end loop;
  return v_count;
end
$$;

comment on function core.erase_deleted_conversations(integer) is
  'Removes conversations whose time to be restored is over';
alter function core.erase_deleted_conversations(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it: http.run_job calls it.
set local role plinth_system;
grant execute on function core.erase_deleted_conversations(integer) to plinth_owner;
set local role plinth_owner;
select http.schedule('core.erase_deleted_conversations', every => '10 minutes');
