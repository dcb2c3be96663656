-- core.grant_details: a right on a thing, as everybody sees it whom it concerns.
create or replace view core.grant_details with (security_invoker = true) as
select g.id,
       g.resource_type,
       g.resource_id,
       g.user_id as owner_id,
       g.subject_user_id,
       g.subject_team_id,
       g.permitted as "right",
       g.granted_by,
       g.created_at,
       g.updated_at
  from auth.grants g;

comment on view core.grant_details is 'A right on a thing, as everybody sees it whom it concerns';
comment on column core.grant_details.id is 'The grant';
comment on column core.grant_details.resource_type is 'Kind of thing';
comment on column core.grant_details.resource_id is 'The thing';
comment on column core.grant_details.owner_id is 'The user who owns the thing';
comment on column core.grant_details.subject_user_id is 'The user who has the right, or';
comment on column core.grant_details.subject_team_id is 'the team whose members have it';
comment on column core.grant_details."right" is 'read, write or admin';
comment on column core.grant_details.granted_by is 'The user who gave it';
comment on column core.grant_details.created_at is 'When it was first given';
comment on column core.grant_details.updated_at is 'When it last changed';
grant select on core.grant_details to plinth_system;
