-- api.unassign_role: takes a role back. It counts on that user's very next call.
--
-- Rules   The account is named by id, username or address. Not having the role is no error.
--         Nobody takes a role with a permission he does not hold himself. The last active administrator stays, also
--         when two remove each other at once.
-- Permission roles:write
-- Errors  UN001 nobody is signed in; NP001 permission missing, or one in the role that the caller does not hold;
--         NF001 no such account, no such role; KC003 the last administrator
-- Locks   the account's row, then the assignment; for an administrator also the role administrator
-- Touches profile, sessions
-- Owned by plinth_system: it writes for any account.
create or replace function api.unassign_role(p_id text, p_role text)
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
  delete from auth.user_roles r where r.user_id = v_user_id and r.role = p_role;
end
$$;

comment on function api.unassign_role(text, text) is 'Takes a role back from an account';
grant execute on function api.unassign_role(text, text) to plinth_web, plinth_operator;
alter function api.unassign_role(text, text) owner to plinth_system;
select http.expose('DELETE /v1/users/{id}/roles/{role}', 'api.unassign_role', permission => 'roles:write', status => 204);
