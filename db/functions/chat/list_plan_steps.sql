-- api.list_plan_steps: the steps of a plan in order, with what came of them.
--
-- Errors  UN001 nobody is signed in; NF001 there is no such plan; VL001 after is not a place in this list
create or replace function api.list_plan_steps(
  p_user_id uuid,
  p_plan_id uuid,
  p_after   text default null,
  p_limit   integer default 50
)
returns table (
  step            integer,
  name            text,
  skill_name      text,
  skill_version   text,
  arguments       jsonb,
  needs           text[],
  status          text,
  attempts        integer,
  max_attempts    integer,
  timeout_seconds integer,
  execution_id    uuid,
  result          jsonb,
  error_kind      text,
  error_message   text,
  started_at      timestamptz,
  finished_at     timestamptz,
  cursor          text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  if not exists (select from chat.planner_executions p where p.user_id = p_user_id and p.id = p_plan_id) then
    perform base.raise('NF001', 'There is no such plan', 'plan_id');
  end if;
  if p_after !~ '^[0-9]{1,6}$' then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;

  return query
    select s.step, s.name, s.skill_name, s.skill_version, s.arguments,
           array(select n.name from chat.planner_steps n
                  where n.user_id = p_user_id and n.plan_id = p_plan_id and n.step = any (s.needs) order by n.step),
           s.status, s.attempts, s.max_attempts, s.timeout_seconds, s.execution_id, s.result, s.error_kind, s.error_message,
           s.started_at, s.finished_at, s.step::text
      from chat.planner_steps s
     where s.user_id = p_user_id and s.plan_id = p_plan_id and s.step > coalesce(p_after::integer, 0)
     order by s.step
     limit p_limit;
end
$$;

comment on function api.list_plan_steps(uuid, uuid, text, integer) is
  'The steps of a plan in order, with what came of them';
grant execute on function api.list_plan_steps(uuid, uuid, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/plans/{plan_id}/steps', 'api.list_plan_steps');
