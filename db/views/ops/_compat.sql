-- compat: the same facts under the names that other systems use for them.
create or replace view compat.schema_migrations as
select m.* from ops.schema_migrations m;

comment on view compat.schema_migrations is 'ops.schema_migrations under its usual name';
grant select on compat.schema_migrations to plinth_reader, plinth_operator;

create or replace view compat.audit_logs with (security_invoker = true) as
select l.id, l.occurred_at, l.actor_id, l.acting_role, l.user_id, l.action, l.entity_type, l.entity_id,
       l.changed, d.request_id, d.address, d.user_agent, d.difference
  from ops.audit_logs l
  left join ops.audit_details d on d.audit_id = l.id;

comment on view compat.audit_logs is 'The audit trail with its details, under its usual name';
grant select on compat.audit_logs to plinth_operator;

create or replace view compat.audit_log with (security_invoker = true) as
select a.* from compat.audit_logs a;

comment on view compat.audit_log is 'The audit trail under its other usual name';
grant select on compat.audit_log to plinth_operator;

create or replace view compat.api_usage with (security_invoker = true) as
select u.id, u.user_id, u.at as created_at, u.route as endpoint, u.method, u.status as status_code,
       u.duration_us / 1000.0 as response_time_ms, nullif(u.model, '') as model_used,
       coalesce(u.tokens_in, 0) + coalesce(u.tokens_out, 0) as tokens_used, u.cost, u.request_id
  from ops.api_usage u;

comment on view compat.api_usage is 'Calls and uses of models under their usual name';
grant select on compat.api_usage to plinth_operator;

create or replace view compat.api_metrics with (security_invoker = true) as
select m.* from analytics.api_metrics m;

comment on view compat.api_metrics is 'Usage by the hour under its usual name';
grant select on compat.api_metrics to plinth_operator;

create or replace view compat.daily_stats with (security_invoker = true) as
select s.* from analytics.daily_stats s;

comment on view compat.daily_stats is 'Usage by the day under its usual name';
grant select on compat.daily_stats to plinth_operator;

create or replace view compat.model_usage_stats with (security_invoker = true) as
select m.model, (m.hour at time zone 'UTC')::date as day, sum(m.calls) as uses, count(distinct m.user_id) as users,
       sum(m.tokens_in) as tokens_in, sum(m.tokens_out) as tokens_out, sum(m.cost) as cost
  from analytics.api_metrics m
 where m.model <> ''
 group by 1, 2;

comment on view compat.model_usage_stats is 'Usage of each model by the day, under its usual name';
grant select on compat.model_usage_stats to plinth_operator;
