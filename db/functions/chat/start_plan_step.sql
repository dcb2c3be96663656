-- api.start_plan_step: begins one step of a plan, by its number, and answers its run.
--
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such plan or step; KC004 the plan does not run, the step is
--         not pending, what it needs has not succeeded, or it failed in place of beginning
-- Locks   the plan's conversation against its erasure, the plan's row, then the step's
create or replace function api.start_plan_step(p_user_id uuid, p_plan_id uuid, p_step integer)
returns setof core.execution_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_plan chat.planner_executions;
  v_step chat.planner_steps;
  v_id   uuid;
begin
  p_user_id := core.act_for(p_user_id);
  v_plan := core.require_plan(p_user_id, p_plan_id);
  select s.* into v_step from chat.planner_steps s
   where s.user_id = p_user_id and s.plan_id = p_plan_id and s.step = p_step for update;
  if not found then
    perform base.raise('NF001', 'There is no such step', 'step');
  end if;
  if v_plan.status <> 'running' then
    perform base.raise('KC004', format('The plan is %s, not running', v_plan.status), 'plan_id');
  end if;
  if v_step.status <> 'pending' then
    perform base.raise('KC004', format('The step is %s and cannot become running', v_step.status), 'step');
  end if;
  if not core.is_step_ready(v_step) then
    perform base.raise('KC004', 'The step waits for others', 'step');
  end if;

  v_id := core.begin_step(v_step, v_plan.conversation_id);
  if v_id is null then
    perform core.keep_failure('KC004', 'The step failed before it began; its error tells why', 'step');
  end if;
  return query select d.* from core.execution_details d where d.id = v_id;
end
$$;

comment on function api.start_plan_step(uuid, uuid, integer) is 'Begins one step of a plan, by its number';
grant execute on function api.start_plan_step(uuid, uuid, integer) to plinth_web, plinth_operator;
select http.expose('POST /v1/plans/{plan_id}/steps/{step}/start', 'api.start_plan_step', permission => 'self:write');
