-- api.change_password: sets the caller's password, after asking for the one in force.
--
-- Rules   The new one is another than the old one and keeps the rules of the account. Former ones are not remembered:
--         a table of old hashes is a treasure, and people who have to find a new one every time count upwards.
--         A wrong current password counts as a failed sign-in.
--         The session of this request goes on with new tokens, every other one ends. Open links to reset the password
--         or to take over another address are void, and the owner gets mail. In psql every session ends and there is no
--         row.
-- Errors  UN001 nobody is signed in; NF001 an operator names no account, or it went while the password was checked;
--         VL001, VL003 new_password; VL001 current_password, RL002 too many attempts (these two kept, not raised: the
--         attempt stays on record)
-- Locks   the account's row, then its attempts, its sessions, its tokens
-- Touches profile, sessions
create or replace function api.change_password(p_user_id uuid, p_current_password text, p_new_password text)
returns table (token text, refresh_token text, expires_at timestamptz)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_session uuid := base.request_context(1)::uuid;
  v_user    auth.users;
  v_hash    text;
  v_matches boolean;
begin
  p_user_id := core.act_for(p_user_id);
  select u.* into v_user from auth.users u where u.id = p_user_id;
  if not found then
    perform base.raise('NF001', 'There is no such account', 'user_id');
  end if;
  perform core.check_password_of(v_user, p_new_password, 'new_password');
  if p_new_password = p_current_password then
    perform base.raise('VL001', 'new_password must be another one', 'new_password');
  end if;

  if not core.check_attempts('password', lower(v_user.username)) then
    return;
  end if;
  v_matches := core.password_matches(p_current_password, v_user.password_hash);
  if v_matches then
    v_matches := core.password_stands(v_user);
  end if;
  if not core.count_attempt('password', lower(v_user.username), v_matches) then
    return;
  end if;
  if not v_matches then
    perform ops.write_audit('password.refused', 'auth.users', p_user_id::text, p_user_id);
    perform core.keep_failure('VL001', 'current_password is wrong', 'current_password');
    return;
  end if;

  v_hash := core.hash_password(p_new_password);
  update auth.users u set password_hash = v_hash where u.id = p_user_id;
  perform core.end_sessions(p_user_id, 'password changed', v_session);
  perform core.void_one_time_tokens(p_user_id, 'reset_password', 'verify_email');
  perform core.send_mail(p_user_id, 'password_changed');

  -- Whoever had the old tokens, too, has them no more.
  token := core.new_token('pls', p_user_id);
  refresh_token := core.new_token('plr', p_user_id);
  update auth.sessions s
     set token_hash = sha256(convert_to(token, 'UTF8')), refresh_hash = sha256(convert_to(refresh_token, 'UTF8'))
   where s.user_id = p_user_id and s.id = v_session and s.ended_at is null
  returning s.expires_at into expires_at;
  if found then
    return next;
  end if;
end
$$;

comment on function api.change_password(uuid, text, text) is
  'Sets the caller''s password; this session goes on with new tokens, every other one ends';
grant execute on function api.change_password(uuid, text, text) to plinth_web, plinth_operator;
select http.expose('PUT /v1/me/password', 'api.change_password', auth => 'session', result => 'one', lane => 'hash');
