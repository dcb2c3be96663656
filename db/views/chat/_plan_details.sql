-- core.plan_details: a plan as it is shown, with how far its steps are.
-- security_invoker, so that the policies of whoever asks decide which rows there are.
create or replace view core.plan_details with (security_invoker = true) as
select p.id,
       p.goal,
       p.status,
       p.conversation_id,
       p.metadata,
       s.steps,
       s.pending,
       s.running,
       s.succeeded,
       p.created_at,
       p.started_at,
       p.finished_at,
       p.updated_at,
       p.version
  from chat.planner_executions p
 cross join lateral (
   select count(*) as steps,
          count(*) filter (where t.status = 'pending') as pending,
          count(*) filter (where t.status = 'running') as running,
          count(*) filter (where t.status = 'succeeded') as succeeded
     from chat.planner_steps t
    where t.user_id = p.user_id and t.plan_id = p.id) s;

comment on view core.plan_details is 'A plan as it is shown, with how far its steps are';
comment on column core.plan_details.id is 'The plan';
comment on column core.plan_details.goal is 'What it is for';
comment on column core.plan_details.status is 'draft, running, succeeded, failed or cancelled';
comment on column core.plan_details.conversation_id is 'The conversation it belongs to';
comment on column core.plan_details.metadata is 'What the application wants to remember of it';
comment on column core.plan_details.steps is 'How many steps it has';
comment on column core.plan_details.pending is 'How many of them wait';
comment on column core.plan_details.running is 'How many of them run';
comment on column core.plan_details.succeeded is 'How many of them succeeded';
comment on column core.plan_details.created_at is 'When it was made';
comment on column core.plan_details.started_at is 'When it was started';
comment on column core.plan_details.finished_at is 'When it ended';
comment on column core.plan_details.updated_at is 'When it last changed';
comment on column core.plan_details.version is 'Grows with every change';
grant select on core.plan_details to plinth_system;
