-- core.user_profiles: an account as its owner sees it. security_invoker, so that the policies of whoever asks decide
-- which rows there are: the caller's own for plinth_owner's functions, any for the reviewed ones of plinth_system.
create or replace view core.user_profiles with (security_invoker = true) as
select u.id,
       u.username,
       u.email,
       u.full_name,
       u.avatar_url,
       u.bio,
       u.status,
       u.tier,
       u.roles,
       u.email_verified,
       u.metadata,
       u.created_at,
       u.version
  from auth.users u;

comment on view core.user_profiles is 'An account as its owner sees it';
comment on column core.user_profiles.id is 'The user''s id';
comment on column core.user_profiles.username is 'Name to sign in with';
comment on column core.user_profiles.email is 'Address';
comment on column core.user_profiles.full_name is 'Name for display';
comment on column core.user_profiles.avatar_url is 'Picture';
comment on column core.user_profiles.bio is 'About the user';
comment on column core.user_profiles.status is 'active, suspended or deleted';
comment on column core.user_profiles.tier is 'Plan';
comment on column core.user_profiles.roles is 'Names of the roles';
comment on column core.user_profiles.email_verified is 'Whether the address is proved';
comment on column core.user_profiles.metadata is 'What the application keeps with the account';
comment on column core.user_profiles.created_at is 'When it was registered';
comment on column core.user_profiles.version is 'Grows with every change';
grant select on core.user_profiles to plinth_system;
