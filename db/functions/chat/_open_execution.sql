-- core.open_execution: notes that a run of a skill begins. The arguments were checked.
create or replace function core.open_execution(
  p_user_id         uuid,
  p_skill           chat.skills,
  p_arguments       jsonb,
  p_conversation_id uuid,
  p_message_id      uuid,
  p_plan_id         uuid,
  p_step            integer,
  p_attempt         integer,
  p_timeout_seconds integer
)
returns chat.function_executions
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now       timestamptz := clock_timestamp();
  v_execution chat.function_executions;
begin
  insert into chat.function_executions
    (user_id, skill_name, skill_version, arguments, conversation_id, message_id, plan_id, step, attempt, started_at, expires_at)
  values (p_user_id, (p_skill).name, (p_skill).version, p_arguments, p_conversation_id, p_message_id, p_plan_id, p_step,
          p_attempt, v_now, v_now + make_interval(secs => coalesce(p_timeout_seconds, (p_skill).timeout_seconds)))
  returning * into v_execution;
  return v_execution;
end
$$;

comment on function core.open_execution(uuid, chat.skills, jsonb, uuid, uuid, uuid, integer, integer, integer) is
  'Notes that a run of a skill begins';
