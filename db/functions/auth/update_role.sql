-- api.update_role: changes what a role permits, or how it is described. It counts on the very next call of everybody
-- who has the role.
--
-- Rules   What is not named stays. The administrator keeps its "*".
--         Nobody adds, or takes away, a permission he does not hold himself.
--         With p_version the change is made only while that is the current version (optimistic).
-- Permission roles:write
-- Errors  UN001 nobody is signed in; NP001 permission missing, one that the caller does not hold, or the
--         administrator's permissions; NF001 no such role; VL001 description, permissions; KC002 the version is not
--         the current one
-- Locks   the role's row
-- Touches all:permissions
create or replace function api.update_role(
  p_name        text,
  p_description text default null,
  p_permissions text[] default null,
  p_version     integer default null
)
returns setof core.role_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_role auth.roles;
  v_new  jsonb := to_jsonb(p_permissions);
begin
  perform core.require_permission('roles:write');

  select r.* into v_role from auth.roles r where r.name = p_name for no key update;
  if not found then
    perform base.raise('NF001', format('There is no role %s', p_name), 'name');
  end if;
  if p_version <> v_role.version then
    perform base.raise('KC002', format('The version is %s by now, not %s', v_role.version, p_version), 'version');
  end if;
  perform core.check_role(p_name, coalesce(p_description, v_role.description));

  if v_new is not null then
    if p_name = 'administrator' and v_new <> v_role.permissions then
      perform base.raise('NP001', 'The administrator holds every permission', 'permissions');
    end if;
    perform core.require_held(v_new - array(select jsonb_array_elements_text(v_role.permissions)));
    perform core.require_held(v_role.permissions - p_permissions);
  end if;

  update auth.roles r
     set description = coalesce(btrim(p_description), r.description), permissions = coalesce(v_new, r.permissions)
   where r.name = p_name;

  return query select r.* from core.role_details r where r.name = p_name;
end
$$;

comment on function api.update_role(text, text, text[], integer) is
  'Changes what a role permits or how it is described; what is not named stays';
grant execute on function api.update_role(text, text, text[], integer) to plinth_web, plinth_operator;
select http.expose('PATCH /v1/roles/{name}', 'api.update_role', permission => 'roles:write');
