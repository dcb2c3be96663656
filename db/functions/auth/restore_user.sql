-- api.restore_user: takes back that an account was deleted, as an administrator.
--
-- Rules   As with deleting, by somebody who may do as much as the account. Works until its erasure begins. What ended
--         with the account (sessions, links) does not come back.
-- Permission users:write
-- Errors  UN001 nobody is signed in; NP001 permission missing, or the account may do more than who asks; NF001 there is
--         no such account, or it is erased; KC004 the account is not deleted
-- Locks   the account's row
-- Touches profile
-- Owned by plinth_system: it writes for any account.
create or replace function api.restore_user(p_id uuid)
returns setof core.user_accounts
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user auth.users;
begin
  perform core.require_permission('users:write');
  v_user := core.account_to_change(p_id, true);
  if v_user.status <> 'deleted' then
    perform base.raise('KC004', 'The account is not deleted');
  end if;
  update auth.users u set status = 'active' where u.id = p_id;
  perform core.void_one_time_tokens(p_id, 'account_deleted');
  perform ops.write_audit('user.restored', 'auth.users', p_id::text, p_id);
  return query select a.* from core.user_accounts a where a.id = p_id;
end
$$;

comment on function api.restore_user(uuid) is 'Takes back that an account was deleted';
grant execute on function api.restore_user(uuid) to plinth_web, plinth_operator;
alter function api.restore_user(uuid) owner to plinth_system;
select http.expose('POST /v1/users/{id}/restore', 'api.restore_user', permission => 'users:write');
