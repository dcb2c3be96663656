-- api.delete_role: removes a role that nobody has.
--
-- Rules   Built-in roles stay. Nobody removes a role with a permission he does not hold himself.
-- Permission roles:write
-- Errors  UN001 nobody is signed in; NP001 permission missing, built in, or one that the caller does not hold;
--         NF001 no such role; KC007 somebody has it
-- Locks   the role's row; who assigns it at this moment is waited for
create or replace function api.delete_role(p_name text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_role auth.roles;
begin
  perform core.require_permission('roles:write');

  select r.* into v_role from auth.roles r where r.name = p_name for update;
  if not found then
    perform base.raise('NF001', format('There is no role %s', p_name), 'name');
  end if;
  if v_role.built_in then
    perform base.raise('NP001', format('The role %s is built in and stays', p_name), 'name');
  end if;
  perform core.require_held(v_role.permissions);

  begin
    delete from auth.roles r where r.name = p_name;
  exception when foreign_key_violation or restrict_violation then
    perform base.raise('KC007', format('Somebody has the role %s', p_name), 'name');
  end;
end
$$;

comment on function api.delete_role(text) is 'Removes a role that nobody has';
grant execute on function api.delete_role(text) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/roles/{name}', 'api.delete_role', permission => 'roles:write', status => 204);
