-- api.delete_user: deletes an account, as an administrator. It can be restored for a while, then it is erased.
--
-- Rules   From this commit on the account is signed out everywhere and cannot sign in. Its names stay taken.
--         Deleting what is deleted already is no error; the link by which its owner could have restored it is void.
-- Permission users:write
-- Errors  UN001 nobody is signed in; NP001 permission missing, or the account may do more than who asks; NF001 there is
--         no such account; KC003 the last administrator would be deleted
-- Locks   the account's row, then the role administrator, then its sessions
-- Touches profile, sessions
-- Owned by plinth_system: it writes for any account.
create or replace function api.delete_user(p_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user auth.users;
begin
  perform core.require_permission('users:write');
  v_user := core.account_to_change(p_id, true);
  if v_user.status <> 'deleted' then
    update auth.users u set status = 'deleted' where u.id = p_id;
    perform ops.write_audit('user.deleted', 'auth.users', p_id::text, p_id);
  end if;
  perform core.void_one_time_tokens(p_id, 'account_deleted', 'verify_email', 'reset_password');
end
$$;

comment on function api.delete_user(uuid) is 'Deletes an account; it can be restored for a while';
grant execute on function api.delete_user(uuid) to plinth_web, plinth_operator;
alter function api.delete_user(uuid) owner to plinth_system;
select http.expose('DELETE /v1/users/{id}', 'api.delete_user', permission => 'users:write', status => 204);
