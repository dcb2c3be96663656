-- api.cancel_plan: ends a plan before its steps do. What waits never begins; what runs counts as cancelled, and
-- whoever runs it learns so when he says how it ended. One that is cancelled stays so.
--
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such plan; KC004 it has succeeded or failed
-- Locks   the plan's row, then the runs, then the steps
create or replace function api.cancel_plan(p_user_id uuid, p_plan_id uuid)
returns setof core.plan_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  p_user_id := core.act_for(p_user_id);
  perform core.require_plan(p_user_id, p_plan_id);

  update chat.planner_executions p set status = 'cancelled', finished_at = v_now
   where p.user_id = p_user_id and p.id = p_plan_id and p.status <> 'cancelled';
  update chat.function_executions e set status = 'cancelled', finished_at = greatest(v_now, e.started_at)
   where e.user_id = p_user_id and e.plan_id = p_plan_id and e.status = 'running';
  update chat.planner_steps s set status = 'cancelled', finished_at = v_now
   where s.user_id = p_user_id and s.plan_id = p_plan_id and s.status in ('pending', 'running');

  return query select d.* from core.plan_details d where d.id = p_plan_id;
end
$$;

comment on function api.cancel_plan(uuid, uuid) is 'Ends a plan before its steps do';
grant execute on function api.cancel_plan(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('POST /v1/plans/{plan_id}/cancel', 'api.cancel_plan', permission => 'self:write');
