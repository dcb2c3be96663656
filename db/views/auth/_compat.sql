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
