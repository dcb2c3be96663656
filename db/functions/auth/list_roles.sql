-- api.list_roles: the roles there are and what each permits, by name.
--
-- Permission roles:read
-- Errors  UN001 nobody is signed in; NP001 permission missing
create or replace function api.list_roles(p_after text default null, p_limit integer default 50)
returns table (
  name        text,
  description text,
  permissions jsonb,
  built_in    boolean,
  version     integer,
  created_at  timestamptz,
  updated_at  timestamptz,
  cursor      text
)
language plpgsql
stable
security definer
rows 10
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('roles:read');

  return query
    select r.*, r.name
      from core.role_details r
     where p_after is null or r.name > p_after
     order by r.name
     limit p_limit;
end
$$;

comment on function api.list_roles(text, integer) is 'The roles there are and what each permits';
grant execute on function api.list_roles(text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/roles', 'api.list_roles', permission => 'roles:read');
