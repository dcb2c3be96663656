-- api.claim_plan_steps: takes steps that are ready and starts their runs, of one plan or of any that the caller has.
-- What is taken, no other worker gets.
--
-- Rules   At most p_most steps, from 1 to 100, those of the oldest plan first. items has, of each, plan_id, step,
--         name, skill_name, skill_version, arguments (filled in), execution_id, attempt and expires_at; the worker
--         ends each with api.finish_function_execution. running and pending count steps of running plans: with
--         none of either there is nothing more to do.
--         A step whose skill is off, or whose arguments are wrong once they are filled in, fails in place of
--         beginning.
--         It takes no more once it has worked for a second, or arguments reach http.page_bytes: pending tells that
--         there are more. So steps that are slow to check, or fail one after the other, are not begun all or none.
-- Why offset 0   As in core.branch_ids: each is looked up by its key.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such plan; VL001 most
-- Locks   of one plan after the other its conversation against erasure, its row, then the steps. Those of the named
--         plan are waited for; where none is named, plans that others hold or erase are passed over
create or replace function api.claim_plan_steps(p_user_id uuid, p_plan_id uuid default null, p_most integer default 1)
returns table (items jsonb, pending bigint, running bigint)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  -- A cursor, because it is asked for one plan at a time: those that are not needed are not looked at.
  v_plans cursor for
    select p.* from chat.planner_executions p
     where p.user_id = p_user_id and p.status = 'running' and (p_plan_id is null or p.id = p_plan_id)
       and exists (select from chat.planner_steps s
                    where s.user_id = p_user_id and s.plan_id = p.id and s.status = 'pending' and core.is_step_ready(s))
     order by p.id;
  v_plan chat.planner_executions;
  v_step chat.planner_steps;
  v_id   uuid;
  v_ids  uuid[] := '{}';
  v_end  timestamptz := clock_timestamp() + interval '1 second';
  v_size bigint := 0;
  v_full boolean := false;
begin
  p_user_id := core.act_for(p_user_id);
  p_most := coalesce(p_most, 1);
  if p_most not between 1 and 100 then
    perform base.raise('VL001', 'most must be from 1 to 100', 'most');
  end if;
  if p_plan_id is not null then
    perform core.require_plan(p_user_id, p_plan_id);
  end if;

  open v_plans;
  loop
    fetch v_plans into v_plan;
    exit when not found;
    if v_plan.conversation_id is not null then
      perform from chat.conversations c where c.user_id = p_user_id and c.id = v_plan.conversation_id for key share skip locked;
      continue when not found;
    end if;
    perform from chat.planner_executions p
      where p.user_id = p_user_id and p.id = v_plan.id and p.status = 'running' for no key update skip locked;
    continue when not found;
    -- Asked again one by one, because one that fails before it begins takes along what needs it.
    loop
      exit when v_full;
      select s.* into v_step from chat.planner_steps s
       where s.user_id = p_user_id and s.plan_id = v_plan.id and s.status = 'pending' and core.is_step_ready(s)
       order by s.step limit 1 for update;
      exit when not found;
      v_id := core.begin_step(v_step, v_plan.conversation_id);
      v_ids := v_ids || array_remove(array[v_id], null);
      v_size := v_size + coalesce((select octet_length(e.arguments::text) from chat.function_executions e
                                    where e.user_id = p_user_id and e.id = v_id), 0);
      v_full := cardinality(v_ids) >= p_most or v_size >= http.page_bytes() or clock_timestamp() >= v_end;
    end loop;
    exit when v_full;
  end loop;
  close v_plans;

  return query
    select (select coalesce(jsonb_agg(to_jsonb(i) order by i.plan_id, i.step), '[]')
              from (select e.plan_id, e.step, s.name, e.skill_name, e.skill_version, e.arguments, e.id as execution_id,
                           e.attempt, e.expires_at
                      from unnest(v_ids) as u (id)
                     cross join lateral (select x.* from chat.function_executions x
                                          where x.user_id = p_user_id and x.id = u.id offset 0) e
                     cross join lateral (select t.name from chat.planner_steps t
                                          where t.user_id = p_user_id and t.plan_id = e.plan_id and t.step = e.step
                                         offset 0) s) i),
           count(*) filter (where s.status = 'pending'), count(*) filter (where s.status = 'running')
      from chat.planner_executions p
      join chat.planner_steps s on s.user_id = p.user_id and s.plan_id = p.id
     where p.user_id = p_user_id and p.status = 'running' and (p_plan_id is null or p.id = p_plan_id);
end
$$;

comment on function api.claim_plan_steps(uuid, uuid, integer) is 'Takes steps that are ready and starts their runs';
grant execute on function api.claim_plan_steps(uuid, uuid, integer) to plinth_web, plinth_operator;
select http.expose('POST /v1/plans/claim', 'api.claim_plan_steps', permission => 'self:write');
select http.expose('POST /v1/plans/{plan_id}/steps/claim', 'api.claim_plan_steps', permission => 'self:write');
