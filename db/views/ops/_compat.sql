-- compat: the same facts under the names that other systems use for them.
create or replace view compat.schema_migrations as
select m.* from ops.schema_migrations m;

comment on view compat.schema_migrations is 'ops.schema_migrations under its usual name';
grant select on compat.schema_migrations to plinth_reader, plinth_operator;

create or replace view compat.audit_logs with (security_invoker = true) as
select l.id, l.occurred_at, l.actor_id, l.acting_role, l.user_id, l.action, l.entity_type, l.entity_id,
       l.changed, l.request_id, d.address, d.user_agent, d.difference
  from ops.audit_logs l
  left join ops.audit_details d on d.audit_id = l.id;

comment on view compat.audit_logs is 'The audit trail with its details, under its usual name';
grant select on compat.audit_logs to plinth_operator;

create or replace view compat.audit_log with (security_invoker = true) as
select a.* from compat.audit_logs a;

comment on view compat.audit_log is 'The audit trail under its other usual name';
grant select on compat.audit_log to plinth_operator;
