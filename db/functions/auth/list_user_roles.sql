-- api.list_user_roles: the roles an account has, who assigned each and when, by name.
--
-- Rules   The account is named by id, username or address.
-- Permission roles:read
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 no such account
-- Owned by plinth_system: it reads any account's roles.
create or replace function api.list_user_roles(p_id text, p_after text default null, p_limit integer default 50)
returns table (
  role        text,
  description text,
  permissions jsonb,
  assigned_by uuid,
  assigned_at timestamptz,
  cursor      text
)
language plpgsql
stable
security definer
rows 5
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('roles:read');

  return query
    select r.name, r.description, r.permissions, a.assigned_by, a.assigned_at, r.name
      from auth.user_roles a
      join auth.roles r on r.name = a.role
     where a.user_id = core.find_account(p_id) and (p_after is null or a.role > p_after)
     order by r.name
     limit p_limit;
end
$$;

comment on function api.list_user_roles(text, text, integer) is 'The roles an account has, who assigned each and when';
grant execute on function api.list_user_roles(text, text, integer) to plinth_web, plinth_operator;
alter function api.list_user_roles(text, text, integer) owner to plinth_system;
select http.expose('GET /v1/users/{id}/roles', 'api.list_user_roles', permission => 'roles:read');
