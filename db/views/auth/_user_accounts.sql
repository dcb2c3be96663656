-- core.user_accounts: an account as an administrator sees it: all but the password hash. security_invoker, so that the
-- policies of whoever asks decide which rows there are.
create or replace view core.user_accounts with (security_invoker = true) as
select u.id,
       u.username,
       u.email,
       u.email_verified,
       u.full_name,
       u.avatar_url,
       u.bio,
       u.status,
       u.tier,
       u.roles,
       u.two_factor_enabled,
       u.password_hash is not null as has_password,
       u.metadata,
       u.last_login_at,
       u.login_count,
       u.created_at,
       u.updated_at,
       u.deleted_at,
       u.erase_after,
       u.version
  from auth.users u;

comment on view core.user_accounts is 'An account as an administrator sees it';
comment on column core.user_accounts.id is 'The user''s id';
comment on column core.user_accounts.username is 'Name to sign in with';
comment on column core.user_accounts.email is 'Address';
comment on column core.user_accounts.email_verified is 'Whether the address is proved';
comment on column core.user_accounts.full_name is 'Name for display';
comment on column core.user_accounts.avatar_url is 'Picture';
comment on column core.user_accounts.bio is 'About the user';
comment on column core.user_accounts.status is 'active, suspended, deleted or erased';
comment on column core.user_accounts.tier is 'Plan';
comment on column core.user_accounts.roles is 'Names of the roles';
comment on column core.user_accounts.two_factor_enabled is 'Whether a second factor is asked for';
comment on column core.user_accounts.has_password is
  'Whether it can sign in by password; imported accounts may not yet';
comment on column core.user_accounts.metadata is 'What the application keeps with the account';
comment on column core.user_accounts.last_login_at is 'Last sign-in';
comment on column core.user_accounts.login_count is 'Sign-ins so far';
comment on column core.user_accounts.created_at is 'When it was registered';
comment on column core.user_accounts.updated_at is 'When it last changed';
comment on column core.user_accounts.deleted_at is 'When it was deleted';
comment on column core.user_accounts.erase_after is 'Until when it can be restored';
comment on column core.user_accounts.version is 'Grows with every change';
grant select on core.user_accounts to plinth_system;
