-- core.time_out_executions: the job that ends runs which take longer than they may. A step is tried again where it
-- has attempts left.
--
-- Locks   the plan's row, then the run's, then the steps; what is locked is passed over, and comes next time
-- Owned by plinth_system: a job for all users.
create or replace function core.time_out_executions(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due  record;
  v_done integer := 0;
begin
  for v_due in
    select e.user_id, e.id, e.plan_id from chat.function_executions e
     where e.status = 'running' and e.expires_at < now() order by e.expires_at limit p_limit
  loop
    if v_due.plan_id is not null then
      perform from chat.planner_executions p
        where p.user_id = v_due.user_id and p.id = v_due.plan_id for no key update skip locked;
      continue when not found;
    end if;
    perform from chat.function_executions e
      where e.user_id = v_due.user_id and e.id = v_due.id and e.status = 'running' for no key update skip locked;
    continue when not found;
    perform core.close_execution(v_due.user_id, v_due.id, 'timed_out', null, 'timed_out', 'It was not finished in time');
    v_done := v_done + 1;
  end loop;
  return v_done;
end
$$;

comment on function core.time_out_executions(integer) is 'Ends runs of skills that take longer than they may';
alter function core.time_out_executions(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.time_out_executions(integer) to plinth_owner;
set local role plinth_owner;
select http.schedule('core.time_out_executions', every => '5 seconds');
