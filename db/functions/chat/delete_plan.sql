-- api.delete_plan: removes a plan and its steps. The runs stay, as runs of no plan.
--
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such plan; KC004 it runs: cancel it first
-- Locks   the plan's row, then its steps and runs
create or replace function api.delete_plan(p_user_id uuid, p_plan_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_plan chat.planner_executions;
begin
  p_user_id := core.act_for(p_user_id);
  v_plan := core.require_plan(p_user_id, p_plan_id);
  if v_plan.status = 'running' then
    perform base.raise('KC004', 'The plan is running: cancel it first', 'plan_id');
  end if;
  delete from chat.planner_executions p where p.user_id = p_user_id and p.id = p_plan_id;
end
$$;

comment on function api.delete_plan(uuid, uuid) is 'Removes a plan and its steps';
grant execute on function api.delete_plan(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/plans/{plan_id}', 'api.delete_plan', permission => 'self:write', status => 204);
