-- core.role_details: a role as administrators see it.
create or replace view core.role_details with (security_invoker = true) as
select r.name,
       r.description,
       r.permissions,
       r.built_in,
       r.version,
       r.created_at,
       r.updated_at
  from auth.roles r;

comment on view core.role_details is 'A role as administrators see it';
comment on column core.role_details.name is 'Name';
comment on column core.role_details.description is 'Who has it';
comment on column core.role_details.permissions is 'Names of permissions; "*" is every permission';
comment on column core.role_details.built_in is 'Whether it can never be deleted';
comment on column core.role_details.version is 'Grows with every change';
comment on column core.role_details.created_at is 'When it was made';
comment on column core.role_details.updated_at is 'When it last changed';
grant select on core.role_details to plinth_system;
