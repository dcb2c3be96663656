-- core.require_plan: a plan of the user, with its row locked; another user's is missing.
--
-- Errors  NF001 there is no such plan
-- Locks   the plan's conversation against its erasure, which goes the same way, and the beginning of a step needs it;
--         then the plan's row: whoever changes a plan or its steps takes it first, so that no two do at once
create or replace function core.require_plan(p_user_id uuid, p_plan_id uuid)
returns chat.planner_executions
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_plan chat.planner_executions;
begin
  perform from chat.conversations c
    where c.user_id = p_user_id
      and c.id = (select p.conversation_id from chat.planner_executions p where p.user_id = p_user_id and p.id = p_plan_id)
      for key share;
  select p.* into v_plan from chat.planner_executions p
   where p.user_id = p_user_id and p.id = p_plan_id for no key update;
  if not found then
    perform base.raise('NF001', 'There is no such plan', 'plan_id');
  end if;
  return v_plan;
end
$$;

comment on function core.require_plan(uuid, uuid) is 'A plan of the user, with its row locked';
