-- api.finish_function_execution: says how a run ended. Its time is that between the two calls, by the database's
-- clock.
--
-- Rules   status is succeeded (with a result, any JSON; one that is null is left out), failed (with error_kind, one
--         word to count by, and error_message) or cancelled. The same once more changes nothing and gets the same
--         answer; another end is refused. Where the run is a step of a plan, the step ends, too: it is tried again if
--         it has attempts left, what needs it may begin or is skipped, and the plan ends with its last step.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such run; KC004 it ended otherwise, or timed out; VL001
--         status, result, error_kind, error_message; VL003 no status
-- Locks   the plan's row, if it is a step; then the run's row, then the steps
create or replace function api.finish_function_execution(
  p_user_id       uuid,
  p_execution_id  uuid,
  p_status        text,
  p_result        jsonb default null,
  p_error_kind    text default null,
  p_error_message text default null
)
returns setof core.execution_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_execution chat.function_executions;
begin
  p_user_id := core.act_for(p_user_id);
  if p_status is null then
    perform base.raise('VL003', 'Say how it ended', 'status');
  elsif p_status not in ('succeeded', 'failed', 'cancelled') then
    perform base.raise('VL001', 'status must be succeeded, failed or cancelled', 'status');
  elsif p_result is not null and p_status <> 'succeeded' then
    perform base.raise('VL001', 'Only what succeeded has a result', 'result');
  elsif octet_length(p_result::text) > 1048576 then
    perform base.raise('VL001', 'result must have at most 1,048,576 bytes', 'result');
  elsif p_status = 'succeeded' and coalesce(p_error_kind, p_error_message) is not null then
    perform base.raise('VL001', 'What succeeded has no error', case when p_error_kind is not null then 'error_kind'
                                                                    else 'error_message' end);
  elsif p_error_kind !~ '^[A-Za-z][A-Za-z0-9_.:-]{0,99}$' then
    perform base.raise('VL001', 'error_kind must be one word: 1 to 100 letters, digits, _, ., : and -', 'error_kind');
  elsif length(p_error_message) > 8000 then
    perform base.raise('VL001', 'error_message must have at most 8,000 characters', 'error_message');
  end if;
  p_error_kind := coalesce(p_error_kind, case p_status when 'failed' then 'error' end);

  -- Which plan it is of never changes, but that it may go.
  select e.* into v_execution from chat.function_executions e where e.user_id = p_user_id and e.id = p_execution_id;
  if v_execution.plan_id is not null then
    perform from chat.planner_executions p where p.user_id = p_user_id and p.id = v_execution.plan_id for no key update;
  end if;
  select e.* into v_execution from chat.function_executions e
   where e.user_id = p_user_id and e.id = p_execution_id for no key update;
  if not found then
    perform base.raise('NF001', 'There is no such execution', 'execution_id');
  end if;

  if v_execution.status = 'running' then
    perform core.close_execution(p_user_id, p_execution_id, p_status, p_result, p_error_kind, p_error_message);
  elsif (v_execution.status, v_execution.result, v_execution.error_kind, v_execution.error_message)
        is distinct from (p_status, p_result, p_error_kind, p_error_message)
  then
    perform base.raise('KC004', case when v_execution.status = p_status
      then format('The execution is %s already, with another outcome', v_execution.status)
      else format('The execution is %s and cannot become %s', v_execution.status, p_status) end, 'status');
  end if;

  return query select d.* from core.execution_details d where d.id = p_execution_id;
end
$$;

comment on function api.finish_function_execution(uuid, uuid, text, jsonb, text, text) is
  'Says how a run of a skill ended';
grant execute on function api.finish_function_execution(uuid, uuid, text, jsonb, text, text) to plinth_web, plinth_operator;
select http.expose('PATCH /v1/executions/{execution_id}', 'api.finish_function_execution', permission => 'self:write');
