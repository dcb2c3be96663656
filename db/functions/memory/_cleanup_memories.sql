-- core.cleanup_memories: a job. Removes memories that expired memory.expired_days ago, with what they took the place
-- of. Hidden they are from the moment they expire.
--
-- Owned by plinth_system: it removes memories of all users.
create or replace function core.cleanup_memories(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_expired timestamptz := now() - make_interval(days => base.setting('memory.expired_days')::integer);
  v_user    uuid;
  v_ids     uuid[];
  v_removed integer := 0;
begin
  for v_user, v_ids in
    select x.user_id, array_agg(x.id)
      from (select m.user_id, m.id from memory.semantic_memories m
             where m.expires_at <= v_expired order by m.expires_at limit p_limit) x
     group by x.user_id
     order by x.user_id
  loop
    v_removed := v_removed + (select r.deleted from core.remove_memories(v_user, v_ids) r);
  end loop;
  return v_removed;
end
$$;

comment on function core.cleanup_memories(integer) is 'A job: removes memories that expired a while ago';
alter function core.cleanup_memories(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it: http.run_job calls it.
set local role plinth_system;
grant execute on function core.cleanup_memories(integer) to plinth_owner;
set local role plinth_owner;
select http.schedule('core.cleanup_memories', every => '10 minutes');
