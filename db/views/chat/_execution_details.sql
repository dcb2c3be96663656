-- core.execution_details: a run of a skill as it is shown.
-- security_invoker, so that the policies of whoever asks decide which rows there are.
create or replace view core.execution_details with (security_invoker = true) as
select e.id,
       e.skill_name,
       e.skill_version,
       e.status,
       e.arguments,
       e.result,
       e.error_kind,
       e.error_message,
       e.conversation_id,
       e.message_id,
       e.plan_id,
       e.step,
       e.attempt,
       e.started_at,
       e.expires_at,
       e.finished_at,
       round(e.duration_us / 1000.0, 3) as duration_ms
  from chat.function_executions e;

comment on view core.execution_details is 'A run of a skill as it is shown';
comment on column core.execution_details.id is 'The run';
comment on column core.execution_details.skill_name is 'The skill';
comment on column core.execution_details.skill_version is 'The version its arguments were checked against';
comment on column core.execution_details.status is 'running, succeeded, failed, cancelled or timed_out';
comment on column core.execution_details.arguments is 'The arguments';
comment on column core.execution_details.result is 'What it gave';
comment on column core.execution_details.error_kind is 'How it failed, in one word';
comment on column core.execution_details.error_message is 'The same in words';
comment on column core.execution_details.conversation_id is 'The conversation it ran for';
comment on column core.execution_details.message_id is 'The message that asked for it';
comment on column core.execution_details.plan_id is 'The plan it is a step of';
comment on column core.execution_details.step is 'The step';
comment on column core.execution_details.attempt is 'Which attempt it is';
comment on column core.execution_details.started_at is 'When it began';
comment on column core.execution_details.expires_at is 'When it counts as timed out if it is still running';
comment on column core.execution_details.finished_at is 'When it ended';
comment on column core.execution_details.duration_ms is 'Milliseconds it took';
grant select on core.execution_details to plinth_system;
