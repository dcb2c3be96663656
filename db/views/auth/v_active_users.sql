-- api.v_active_users: every active account with its roles and its live sessions. Owned by plinth_system, because it
-- looks across users; it shows no address and no secret.
create or replace view api.v_active_users as
select u.id,
       u.username,
       u.full_name,
       u.tier,
       u.roles,
       (select count(*) from auth.sessions s
         where s.user_id = u.id and s.ended_at is null and s.expires_at > now()) as live_sessions,
       u.last_login_at,
       u.login_count,
       u.created_at
  from auth.users u
 where u.status = 'active';

comment on view api.v_active_users is 'Every active account with its roles and its live sessions';
comment on column api.v_active_users.id is 'The user''s id';
comment on column api.v_active_users.username is 'Name to sign in with';
comment on column api.v_active_users.full_name is 'Name for display';
comment on column api.v_active_users.tier is 'Plan';
comment on column api.v_active_users.roles is 'Names of the roles';
comment on column api.v_active_users.live_sessions is 'Sessions whose token works now';
comment on column api.v_active_users.last_login_at is 'Last sign-in';
comment on column api.v_active_users.login_count is 'Sign-ins so far';
comment on column api.v_active_users.created_at is 'When it was registered';
grant select on api.v_active_users to plinth_reader, plinth_operator;
alter view api.v_active_users owner to plinth_system;
