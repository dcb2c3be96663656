-- api.delete_current_user: deletes the caller's own account.
--
-- Rules   Needs the current password, so that a stolen session cannot. From this commit on the account is signed out
--         everywhere. For account.grace_days everything stays, the names too, and a link that is mailed takes it
--         back; then the account is erased.
--         Signing in takes nothing back: a device that signs in by itself must not undo what its owner decided.
-- Permission self:write
-- Errors  UN001 nobody is signed in; UN002 the password is wrong (kept, not raised: the failed attempt is on record);
--         RL002 too many attempts (kept); KC003 the last administrator cannot go; NF001 there is no such account,
--         or it went while the password was checked
-- Locks   the account's row, its attempts, then the role administrator, then its sessions
-- Touches profile, sessions
create or replace function api.delete_current_user(p_user_id uuid, p_password text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user    auth.users;
  v_matches boolean;
begin
  p_user_id := core.act_for(p_user_id);
  select u.* into v_user from auth.users u where u.id = p_user_id and u.status = 'active';
  if not found then
    perform base.raise('NF001', 'There is no such account');
  end if;

  if not core.check_attempts('password', lower(v_user.username)) then
    return;
  end if;
  v_matches := core.password_matches(p_password, v_user.password_hash);
  if v_matches then
    v_matches := core.password_stands(v_user);
  end if;
  if not core.count_attempt('password', lower(v_user.username), v_matches) then
    return;
  end if;
  if not v_matches then
    perform ops.write_audit('user.delete_refused', 'auth.users', p_user_id::text, p_user_id);
    perform core.keep_failure('UN002', 'The password is wrong', 'password');
    return;
  end if;

  update auth.users u set status = 'deleted' where u.id = p_user_id;
  perform ops.write_audit('user.deleted', 'auth.users', p_user_id::text, p_user_id);
  perform core.void_one_time_tokens(p_user_id, 'verify_email', 'reset_password');
  perform core.send_mail(p_user_id, 'account_deleted');
end
$$;

comment on function api.delete_current_user(uuid, text) is
  'Deletes the caller''s own account; a mailed link takes it back';
grant execute on function api.delete_current_user(uuid, text) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/me', 'api.delete_current_user', auth => 'session', permission => 'self:write', status => 204,
                   lane => 'hash');
