-- core.erase_deleted_conversations: removes conversations whose time to be restored is over, and what is left of those
-- that are erased, with all that hangs on them. Messages count like conversations, so that no run takes for ever: of a
-- long one the newest go first, and it goes itself in the run that finds no more.
--
-- Locks   the rows it removes; one that was restored meanwhile stays
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
  v_rows  integer;
  v_count integer := 0;
begin
  for v_talk in
    select c.user_id, c.id from chat.conversations c
     where c.erase_after < now()
     order by c.erase_after
     limit p_limit
       for update
  loop
    delete from chat.messages m
     using (select k.id from chat.messages k where k.user_id = v_talk.user_id and k.conversation_id = v_talk.id
             order by k.id desc limit p_limit - v_count) k
     where m.user_id = v_talk.user_id and m.id = k.id;
    get diagnostics v_rows = row_count;
    v_count := v_count + v_rows;
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
