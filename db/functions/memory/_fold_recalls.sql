-- core.fold_recalls: a job. Carries what recalls brought up over to the memories: how often, and when last.
--
-- Locks   up to p_limit rows of memory.recalls, passing over those that another holds; then the memories in the order
--         of their keys
-- Owned by plinth_system: recalls are everybody's.
create or replace function core.fold_recalls(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_taken integer;
begin
  with taken as (
    delete from memory.recalls r
     where (r.user_id, r.id) in (select q.user_id, q.id from memory.recalls q
                                  order by q.user_id, q.id limit p_limit for update skip locked)
    returning r.user_id, r.recalled_at, r.memory_ids
  ), counted as (
    select t.user_id, i.id, count(*) as times, max(t.recalled_at) as last_at
      from taken t cross join lateral unnest(t.memory_ids) as i (id)
     group by t.user_id, i.id
  ), locked as (
    select m.user_id, m.id, c.times, c.last_at
      from counted c
      join memory.semantic_memories m on m.user_id = c.user_id and m.id = c.id
     order by m.user_id, m.id
       for no key update of m
  ), folded as (
    update memory.semantic_memories m
       set recall_count = m.recall_count + l.times, last_recalled_at = greatest(m.last_recalled_at, l.last_at)
      from locked l
     where m.user_id = l.user_id and m.id = l.id
  )
  select count(*) into v_taken from taken;
  return v_taken;
end
$$;

comment on function core.fold_recalls(integer) is 'A job: carries what recalls brought up over to the memories';
alter function core.fold_recalls(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it: http.run_job calls it.
set local role plinth_system;
grant execute on function core.fold_recalls(integer) to plinth_owner;
set local role plinth_owner;
select http.schedule('core.fold_recalls', every => '1 minute');
