-- core.lock_embeddings: locks the embeddings of messages and memories that are about to go, against whoever changes or
-- removes embeddings by themselves. Returns how many there are.
--
-- Why plan_cache_mode   For any values, as each is found by its key.
-- Why between, and enable_seqscan   As in core.put_embeddings; and no sort, where an index has the order.
-- Locks   the embeddings in the order of their ids; the messages and memories before, by who calls
create or replace function core.lock_embeddings(p_user_id uuid, p_message_ids uuid[], p_memory_ids uuid[])
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_sort = off
as $$
declare
  v_id       uuid;
  v_model_id integer;
  v_count    integer := 0;
begin
  for v_id, v_model_id in
    select e.id, e.model_id
      from unnest(p_message_ids) as u (id)
     cross join lateral (select k.id, k.model_id from memory.embeddings k
                          where k.user_id = p_user_id and k.message_id between u.id and u.id
                          order by k.message_id offset 0) e
    union all
    select e.id, e.model_id
      from unnest(p_memory_ids) as u (id)
     cross join lateral (select k.id, k.model_id from memory.embeddings k
                          where k.user_id = p_user_id and k.memory_id between u.id and u.id
                          order by k.memory_id offset 0) e
     order by 1
  loop
    perform from memory.embeddings e
      where e.user_id = p_user_id and e.model_id = v_model_id and e.id between v_id and v_id
      order by e.id for update;
    if found then
      v_count := v_count + 1;
    end if;
  end loop;
  return v_count;
end
$$;

comment on function core.lock_embeddings(uuid, uuid[], uuid[]) is
  'Locks the embeddings of messages and memories that are about to go; returns how many';
grant execute on function core.lock_embeddings(uuid, uuid[], uuid[]) to plinth_system;
