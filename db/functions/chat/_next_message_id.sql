-- core.next_message_id: an id behind the last one of a conversation whose row is locked.
--
-- Why   Who reads on from the last message he has seen must miss none. Under the lock ids come in the order of
--       commits, unless the clock went back or ids are random within a millisecond (before PostgreSQL 18).
create or replace function core.next_message_id(p_last_id uuid)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid := base.new_id();
begin
  if v_id <= p_last_id then
    return base.id_at(base.time_of(p_last_id) + interval '1 millisecond');
  end if;
  return v_id;
end
$$;

comment on function core.next_message_id(uuid) is 'An id behind the last one of a conversation whose row is locked';
