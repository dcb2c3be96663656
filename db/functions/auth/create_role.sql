-- api.create_role: makes a role.
--
-- Rules   Name 2 to 40 of lower-case letters, digits, _ -; it begins with a letter and never changes.
--         Each permission exists, and whoever makes the role holds it.
-- Permission roles:write
-- Errors  UN001 nobody is signed in; NP001 permission missing, or one in the role that the caller does not hold;
--         VL001 name, description, permissions; KC001 name taken
-- Locks   none but the key it inserts
create or replace function api.create_role(
  p_name        text,
  p_description text,
  p_permissions text[] default '{}'
)
returns setof core.role_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('roles:write');
  perform core.check_role(p_name, p_description);
  perform core.require_held(to_jsonb(p_permissions));

  begin
    insert into auth.roles (name, description, permissions)
    values (p_name, btrim(p_description), coalesce(to_jsonb(p_permissions), '[]'));
  exception when unique_violation then
    perform base.raise('KC001', 'The name is taken', 'name');
  end;

  return query select r.* from core.role_details r where r.name = p_name;
end
$$;

comment on function api.create_role(text, text, text[]) is 'Makes a role';
grant execute on function api.create_role(text, text, text[]) to plinth_web, plinth_operator;
select http.expose('POST /v1/roles', 'api.create_role', permission => 'roles:write', status => 201);
