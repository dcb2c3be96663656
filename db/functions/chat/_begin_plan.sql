-- core.begin_plan: starts a draft. The caller holds its row.
--
-- Errors  KC004 it is no draft, or has no step
create or replace function core.begin_plan(p_user_id uuid, p_plan_id uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from chat.planner_steps s where s.user_id = p_user_id and s.plan_id = p_plan_id) then
    perform base.raise('KC004', 'A plan without steps cannot start', 'steps');
  end if;
  update chat.planner_executions p set status = 'running', started_at = clock_timestamp()
   where p.user_id = p_user_id and p.id = p_plan_id;
end
$$;

comment on function core.begin_plan(uuid, uuid) is 'Starts a draft';
