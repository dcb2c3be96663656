-- core.end_step: carries the end of a run over to its step, what needs the step, and the plan.
--
-- Rules   A run that failed or timed out is tried again as long as the step has attempts left. A step that did not
--         succeed takes along all that need it: they are skipped. The others go on; the plan ends with its last step.
-- Locks   the steps; the caller holds the plan's row
create or replace function core.end_step(
  p_user_id       uuid,
  p_plan_id       uuid,
  p_step          integer,
  p_status        text,
  p_result        jsonb default null,
  p_error_kind    text default null,
  p_error_message text default null,
  p_final         boolean default false
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now   timestamptz := clock_timestamp();
  v_final boolean;
begin
  update chat.planner_steps s
     set status = case when e.final then e.status else 'pending' end,
         result = p_result, error_kind = p_error_kind, error_message = p_error_message,
         finished_at = case when e.final then v_now end
    from (select t.step, case p_status when 'timed_out' then 'failed' else p_status end as status,
                 p_final or p_status in ('succeeded', 'cancelled') or t.attempts >= t.max_attempts as final
            from chat.planner_steps t
           where t.user_id = p_user_id and t.plan_id = p_plan_id and t.step = p_step
             for update) e
   where s.user_id = p_user_id and s.plan_id = p_plan_id and s.step = e.step
  returning e.final into v_final;

  if v_final and p_status <> 'succeeded' then
    with recursive hit (step) as (
      select p_step
      union
      select s.step from hit h join chat.planner_steps s on h.step = any (s.needs)
       where s.user_id = p_user_id and s.plan_id = p_plan_id
    )
    update chat.planner_steps s set status = 'skipped', finished_at = v_now
      from hit h
     where s.user_id = p_user_id and s.plan_id = p_plan_id and s.step = h.step and s.status = 'pending';
  end if;
  perform core.settle_plan(p_user_id, p_plan_id);
end
$$;

comment on function core.end_step(uuid, uuid, integer, text, jsonb, text, text, boolean) is
  'Carries the end of a run over to its step, what needs the step, and the plan';
grant execute on function core.end_step(uuid, uuid, integer, text, jsonb, text, text, boolean) to plinth_system;
