-- core.begin_step: begins a step that is ready: fills in its arguments, checks them, and starts its run. Returns the
-- run; NULL: the step failed before it could begin, because its skill is off or its arguments are wrong. The caller
-- holds the plan's row, so nobody else begins the same step.
--
-- Rules   Whatever keeps arguments from being filled in or checked (their size, depth or work, a number nothing counts
--         with) is a fault of the step. Raised, it would come again with every claim, and no plan would go on.
create or replace function core.begin_step(p_step chat.planner_steps, p_conversation_id uuid)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user      uuid := (p_step).user_id;
  v_plan_id   uuid := (p_step).plan_id;
  v_skill     chat.skills := core.find_skill((p_step).skill_name, (p_step).skill_version);
  v_parts     jsonb;
  v_arguments jsonb;
  v_faults    jsonb;
  v_says      text;
  v_execution chat.function_executions;
begin
  if not v_skill.enabled then
    perform core.end_step(v_user, v_plan_id, (p_step).step, 'failed', null, 'skill_off',
                          format('The skill %s %s is switched off', v_skill.name, v_skill.version), true);
    return null;
  end if;
  begin
    v_parts := core.result_parts(v_user, v_plan_id, (p_step).needs, (p_step).arguments);
    v_arguments := core.fill_arguments((p_step).arguments, v_parts);
    if v_parts is null or octet_length(v_arguments::text) > 131072 then
      v_faults := jsonb_build_array(core.json_fault('arguments', 'size', 'must have at most 131,072 bytes'));
    else
      v_faults := core.json_faults(v_arguments, v_skill.parameters, 'arguments');
    end if;
  exception when sqlstate 'VL001' or data_exception or program_limit_exceeded then
    get stacked diagnostics v_says = message_text;
    v_faults := jsonb_build_array(core.json_fault('arguments', 'checked', v_says));
  end;
  if v_faults <> '[]' then
    perform core.end_step(v_user, v_plan_id, (p_step).step, 'failed', null, 'arguments',
                          left((select string_agg(concat_ws(' ', f ->> 'field', f ->> 'detail'), '; ')
                                  from jsonb_array_elements(v_faults) f), 8000), true);
    return null;
  end if;

  v_execution := core.open_execution(v_user, v_skill, v_arguments, p_conversation_id, null, v_plan_id, (p_step).step,
                                     (p_step).attempts + 1, (p_step).timeout_seconds);
  update chat.planner_steps s
     set status = 'running', attempts = s.attempts + 1, execution_id = v_execution.id, started_at = v_execution.started_at,
         finished_at = null, error_kind = null, error_message = null
   where s.user_id = v_user and s.plan_id = v_plan_id and s.step = (p_step).step;
  return v_execution.id;
end
$$;

comment on function core.begin_step(chat.planner_steps, uuid) is 'Begins a step that is ready, and starts its run';
