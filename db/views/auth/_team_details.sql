-- core.team_details: a team as its members see it. security_invoker, so that the policies of whoever asks decide.
create or replace view core.team_details with (security_invoker = true) as
select t.id,
       t.name,
       t.description,
       m.role,
       (select count(*) from auth.team_members c where c.team_id = t.id)::integer as members,
       t.version,
       t.created_at,
       t.updated_at
  from auth.team_members m
  join auth.teams t on t.id = m.team_id
 where m.user_id = (select base.current_user_id());

comment on view core.team_details is 'A team as its members see it';
comment on column core.team_details.id is 'The team';
comment on column core.team_details.name is 'Name';
comment on column core.team_details.description is 'What it is for';
comment on column core.team_details.role is 'What the caller is in it: owner, admin or member';
comment on column core.team_details.members is 'How many are in it';
comment on column core.team_details.version is 'Grows with every change';
comment on column core.team_details.created_at is 'When it was made';
comment on column core.team_details.updated_at is 'When it last changed';
grant select on core.team_details to plinth_system;
