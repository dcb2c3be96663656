-- compat: skills, their runs and plans under the names that other systems use for them.
create or replace view compat.skills with (security_invoker = true) as
select s.name, s.version, s.description, s.parameters, s.enabled as is_enabled, s.tags, s.metadata, s.created_at, s.updated_at
  from chat.skills s
 where s.current;

comment on view compat.skills is 'The current version of each skill, under its usual name';
grant select on compat.skills to plinth_operator;

create or replace view compat.function_executions with (security_invoker = true) as
select e.id, e.user_id, e.conversation_id, e.message_id, e.skill_name, e.skill_version, e.arguments, e.result,
       e.status = 'succeeded' as success, e.status, concat_ws(': ', e.error_kind, e.error_message) as error_message,
       e.duration_us / 1000.0 as execution_time_ms, e.started_at, e.finished_at as completed_at
  from chat.function_executions e;

comment on view compat.function_executions is 'Runs of skills under their usual name';
grant select on compat.function_executions to plinth_operator;

create or replace view compat.planner_executions with (security_invoker = true) as
select p.id, p.user_id, p.conversation_id, p.goal, p.status, p.metadata, p.created_at, p.started_at,
       p.finished_at as completed_at,
       (select jsonb_agg(jsonb_build_object('name', s.name, 'skill', s.skill_name, 'status', s.status, 'result', s.result)
                         order by s.step)
          from chat.planner_steps s where s.user_id = p.user_id and s.plan_id = p.id) as plan_steps
  from chat.planner_executions p;

comment on view compat.planner_executions is 'Plans with their steps, under their usual name';
grant select on compat.planner_executions to plinth_operator;
