-- api.get_ready_steps: the steps of a plan that could begin now. Looking takes none of them: api.claim_plan_steps
-- does.
--
-- Errors  UN001 nobody is signed in; NF001 there is no such plan; VL001 after is not a place in this list
create or replace function api.get_ready_steps(
  p_user_id uuid,
  p_plan_id uuid,
  p_after   text default null,
  p_limit   integer default 50
)
returns table (
  step          integer,
  name          text,
  skill_name    text,
  skill_version text,
  arguments     jsonb,
  attempts      integer,
  max_attempts  integer,
  cursor        text
)
language plpgsql
stable
security definer
rows 10
set search_path = pg_catalog, pg_temp
as $$
declare
  v_status text;
begin
  p_user_id := core.act_for(p_user_id);
  select p.status into v_status from chat.planner_executions p where p.user_id = p_user_id and p.id = p_plan_id;
  if not found then
    perform base.raise('NF001', 'There is no such plan', 'plan_id');
  end if;
  if p_after !~ '^[0-9]{1,6}$' then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;

  return query
    select s.step, s.name, s.skill_name, s.skill_version, s.arguments, s.attempts, s.max_attempts, s.step::text
      from chat.planner_steps s
     where s.user_id = p_user_id and s.plan_id = p_plan_id and v_status = 'running'
       and s.step > coalesce(p_after::integer, 0) and core.is_step_ready(s)
     order by s.step
     limit p_limit;
end
$$;

comment on function api.get_ready_steps(uuid, uuid, text, integer) is 'The steps of a plan that could begin now';
grant execute on function api.get_ready_steps(uuid, uuid, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/plans/{plan_id}/steps/ready', 'api.get_ready_steps');
