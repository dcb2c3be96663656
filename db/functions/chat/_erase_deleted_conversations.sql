-- core.erase_deleted_conversations: removes conversations whose time to be restored is over, with all that hangs on
-- them. A long one counts like its messages, so that no run takes for ever.
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
  v_count integer;
begin
  delete from chat.conversations c
   using (select d.user_id, d.id
            from (select k.user_id, k.id,
                         sum(k.message_count + 1) over (order by k.erase_after, k.user_id, k.id) - k.message_count as rows
                    from (select e.* from chat.conversations e where e.erase_after < now()
                           order by e.erase_after limit p_limit) k) d
           where d.rows <= p_limit) d
   where c.user_id = d.user_id and c.id = d.id and c.erase_after < now();
  get diagnostics v_count = row_count;
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
