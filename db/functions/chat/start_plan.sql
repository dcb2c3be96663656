-- api.start_plan: starts a draft: its steps may be claimed from now on. One that runs stays as it is.
--
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such plan; KC004 it has ended, or has no step
-- Locks   the plan's row
create or replace function api.start_plan(p_user_id uuid, p_plan_id uuid)
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
  v_plan := core.require_plan(p_user_id, p_plan_id);
  if v_plan.status <> 'running' then
    perform core.begin_plan(p_user_id, p_plan_id);
  end if;
  return query select d.* from core.plan_details d where d.id = p_plan_id;
end
$$;

comment on function api.start_plan(uuid, uuid) is 'Starts a draft: its steps may be claimed from now on';
grant execute on function api.start_plan(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('POST /v1/plans/{plan_id}/start', 'api.start_plan', permission => 'self:write');
