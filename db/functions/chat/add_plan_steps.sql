-- api.add_plan_steps: adds steps at the end of a plan that has not ended; api.create_plan tells what a step is.
--
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such plan; KC004 it has ended; VL001 steps; VL001 with all
--         that is wrong with them, each with its place; VL003 no steps
-- Locks   the plan's row
create or replace function api.add_plan_steps(p_user_id uuid, p_plan_id uuid, p_steps jsonb)
returns setof core.plan_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_plan chat.planner_executions;
begin
  p_user_id := core.act_for(p_user_id);
  if p_steps is null then
    perform base.raise('VL003', 'Say which steps', 'steps');
  end if;
  v_plan := core.require_plan(p_user_id, p_plan_id);
  if v_plan.status not in ('draft', 'running') then
    perform base.raise('KC004', format('The plan is %s and gets no more steps', v_plan.status), 'plan_id');
  end if;
  perform core.add_steps(p_user_id, p_plan_id, p_steps);
  return query select d.* from core.plan_details d where d.id = p_plan_id;
end
$$;

comment on function api.add_plan_steps(uuid, uuid, jsonb) is 'Adds steps at the end of a plan that has not ended';
grant execute on function api.add_plan_steps(uuid, uuid, jsonb) to plinth_web, plinth_operator;
select http.expose('POST /v1/plans/{plan_id}/steps', 'api.add_plan_steps', permission => 'self:write', status => 201);
