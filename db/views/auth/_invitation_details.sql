-- core.invitation_details: an invitation that waits, as owners and admins of the team see it.
create or replace view core.invitation_details with (security_invoker = true) as
select i.team_id, i.id, i.email, i.role, i.invited_by, i.created_at, i.expires_at
  from auth.team_invitations i
 where i.expires_at > now();

comment on view core.invitation_details is 'An invitation that waits, as owners and admins of the team see it';
comment on column core.invitation_details.team_id is 'The team';
comment on column core.invitation_details.id is 'The invitation';
comment on column core.invitation_details.email is 'The address it is for';
comment on column core.invitation_details.role is 'What the invited will be';
comment on column core.invitation_details.invited_by is 'The user who invited';
comment on column core.invitation_details.created_at is 'When';
comment on column core.invitation_details.expires_at is 'When it can no longer be accepted';
grant select on core.invitation_details to plinth_system;
