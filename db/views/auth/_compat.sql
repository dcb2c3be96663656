-- compat: the same facts under the names that other systems use for them. security_invoker: row policies decide what
-- whoever asks may see.
create or replace view compat.roles with (security_invoker = true) as
select r.* from auth.roles r;

comment on view compat.roles is 'auth.roles under its usual name';
grant select on compat.roles to plinth_operator;

create or replace view compat.user_roles with (security_invoker = true) as
select r.* from auth.user_roles r;

comment on view compat.user_roles is 'auth.user_roles under its usual name';
grant select on compat.user_roles to plinth_operator;

create or replace view compat.user_preferences with (security_invoker = true) as
select p.* from auth.user_preferences p;

comment on view compat.user_preferences is 'auth.user_preferences under its usual name';
grant select on compat.user_preferences to plinth_operator;

create or replace view compat.preferences with (security_invoker = true) as
select p.* from auth.user_preferences p;

comment on view compat.preferences is 'auth.user_preferences under its other usual name';
grant select on compat.preferences to plinth_operator;

-- Without hashes: nobody needs them to read along.
create or replace view compat.users with (security_invoker = true) as
select u.id, u.username, u.email, u.email_verified, u.full_name, u.avatar_url, u.bio, u.status, u.tier, u.roles,
       u.two_factor_enabled, u.metadata, u.last_login_at, u.login_count, u.created_at, u.updated_at, u.deleted_at
  from auth.users u;

comment on view compat.users is 'auth.users under its usual name';
grant select on compat.users to plinth_operator;

create or replace view compat.sessions with (security_invoker = true) as
select s.id, s.user_id, s.address as ip_address, s.user_agent, s.created_at, s.last_seen_at, s.expires_at, s.ended_at
  from auth.sessions s;

comment on view compat.sessions is 'auth.sessions under its usual name';
grant select on compat.sessions to plinth_operator;

create or replace view compat.api_keys with (security_invoker = true) as
select k.id, k.user_id, k.name, k.prefix, k.scopes, k.limits, k.created_at, k.last_used_at, k.expires_at, k.revoked_at
  from auth.api_keys k;

comment on view compat.api_keys is 'auth.api_keys under its usual name';
grant select on compat.api_keys to plinth_operator;
