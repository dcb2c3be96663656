-- api.list_function_executions: the caller's runs of skills, newest first, without arguments and results.
--
-- Rules   name is a skill, plan_id a plan; time_from is included, time_to is not: they ask when a run began.
-- Why plan_cache_mode   One statement serves every mix of filters. It is planned with the values of the call, so that
--         what was not asked for falls away and the index for what was asked for is taken.
-- Errors  UN001 nobody is signed in; VL001 status, time_from, time_to, after; NF001 there is no such conversation, plan
--         or skill
create or replace function api.list_function_executions(
  p_user_id         uuid,
  p_name            text default null,
  p_status          text default null,
  p_conversation_id uuid default null,
  p_plan_id         uuid default null,
  p_time_from       timestamptz default null,
  p_time_to         timestamptz default null,
  p_after           text default null,
  p_limit           integer default 50
)
returns table (
  id              uuid,
  skill_name      text,
  skill_version   text,
  status          text,
  error_kind      text,
  error_message   text,
  conversation_id uuid,
  message_id      uuid,
  plan_id         uuid,
  step            integer,
  attempt         integer,
  started_at      timestamptz,
  expires_at      timestamptz,
  finished_at     timestamptz,
  duration_ms     numeric,
  cursor          text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
begin
  p_user_id := core.act_for(p_user_id);
  if p_status not in ('running', 'succeeded', 'failed', 'cancelled', 'timed_out') then
    perform base.raise('VL001', 'status must be running, succeeded, failed, cancelled or timed_out', 'status');
  end if;
  if not isfinite(p_time_from) or not isfinite(p_time_to) then
    perform base.raise('VL001', 'time_from and time_to must be times',
                       case when not isfinite(p_time_from) then 'time_from' else 'time_to' end);
  end if;
  if p_conversation_id is not null then
    perform core.require_conversation(p_user_id, p_conversation_id);
  end if;
  if p_plan_id is not null
     and not exists (select from chat.planner_executions p where p.user_id = p_user_id and p.id = p_plan_id)
  then
    perform base.raise('NF001', 'There is no such plan', 'plan_id');
  end if;
  if p_name is not null and not exists (select from chat.skills s where s.name = p_name) then
    perform base.raise('NF001', format('There is no skill %s', left(p_name, 165)), 'name');
  end if;
  if p_after !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;

  return query
    select e.id, e.skill_name, e.skill_version, e.status, e.error_kind, e.error_message, e.conversation_id, e.message_id,
           e.plan_id, e.step, e.attempt, e.started_at, e.expires_at, e.finished_at, round(e.duration_us / 1000.0, 3),
           e.id::text
      from chat.function_executions e
     where e.user_id = p_user_id
       and (p_name is null or e.skill_name = p_name)
       and (p_status is null or e.status = p_status)
       and (p_conversation_id is null or e.conversation_id = p_conversation_id)
       and (p_plan_id is null or e.plan_id = p_plan_id)
       and (p_time_from is null or e.id >= base.first_id(p_time_from))
       and (p_time_to is null or e.id < base.first_id(p_time_to))
       and (p_after is null or e.id < p_after::uuid)
     order by e.id desc
     limit p_limit;
end
$$;

comment on function api.list_function_executions(uuid, text, text, uuid, uuid, timestamptz, timestamptz, text, integer) is
  'The caller''s runs of skills, newest first';
grant execute on function
  api.list_function_executions(uuid, text, text, uuid, uuid, timestamptz, timestamptz, text, integer)
  to plinth_web, plinth_operator;
select http.expose('GET /v1/executions', 'api.list_function_executions');
select http.expose('GET /v1/skills/{name}/executions', 'api.list_function_executions');
