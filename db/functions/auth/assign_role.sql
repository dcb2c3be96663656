-- api.assign_role: gives an account a role. It counts on that user's very next call.
--
-- Rules   The account is named by id, username or address. Having the role already is no error.
--         Nobody gives a role with a permission he does not hold himself.
-- Permission roles:write
-- Errors  UN001 nobody is signed in; NP001 permission missing, or one in the role that the caller does not hold;
--         NF001 no such account, no such role
-- Locks   the account's row, then the key it inserts
-- Touches profile, sessions
-- Owned by plinth_system: it writes for any account.
create or replace function api.assign_role(p_id text, p_role text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user_id     uuid;
  v_permissions jsonb;
begin
  perform core.require_permission('roles:write');
  v_user_id := core.find_account(p_id);
  select r.permissions into v_permissions from auth.roles r where r.name = p_role;
  if not found then
    perform base.raise('NF001', format('There is no role %s', p_role), 'role');
  end if;
  perform core.require_held(v_permissions);

  perform from auth.users u where u.id = v_user_id for no key update;
  insert into auth.user_roles (user_id, role, assigned_by)
  values (v_user_id, p_role, base.current_user_id())
  on conflict do nothing;
end
$$;

comment on function api.assign_role(text, text) is 'Gives an account a role';
grant execute on function api.assign_role(text, text) to plinth_web, plinth_operator;
alter function api.assign_role(text, text) owner to plinth_system;
select http.expose('PUT /v1/users/{id}/roles/{role}', 'api.assign_role', permission => 'roles:write', status => 204);
