-- core.close_execution: ends a run, and what hangs on it. The caller holds the plan's row, if it is a step, and then
-- the run's own.
create or replace function core.close_execution(
  p_user_id       uuid,
  p_execution_id  uuid,
  p_status        text,
  p_result        jsonb default null,
  p_error_kind    text default null,
  p_error_message text default null
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_plan_id uuid;
  v_step    integer;
begin
  -- A clock that was set back must not make a run end before it began.
  update chat.function_executions e
     set status = p_status, result = p_result, error_kind = p_error_kind, error_message = p_error_message,
         finished_at = greatest(clock_timestamp(), e.started_at)
   where e.user_id = p_user_id and e.id = p_execution_id
  returning e.plan_id, e.step into v_plan_id, v_step;

  if v_plan_id is not null then
    perform core.end_step(p_user_id, v_plan_id, v_step, p_status, p_result, p_error_kind, p_error_message);
  end if;
end
$$;

comment on function core.close_execution(uuid, uuid, text, jsonb, text, text) is 'Ends a run, and what hangs on it';
grant execute on function core.close_execution(uuid, uuid, text, jsonb, text, text) to plinth_system;
