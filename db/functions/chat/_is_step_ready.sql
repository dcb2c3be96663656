-- core.is_step_ready: whether what a step needs has succeeded.
create or replace function core.is_step_ready(p_step chat.planner_steps)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select (p_step).status = 'pending' and not exists (
    select from chat.planner_steps n
     where n.user_id = (p_step).user_id and n.plan_id = (p_step).plan_id and n.step = any ((p_step).needs)
       and n.status <> 'succeeded')
$$;

comment on function core.is_step_ready(chat.planner_steps) is 'Whether what a step needs has succeeded';
