-- api.create_session: signs in. The tokens are in this answer and nowhere else; the table keeps their SHA-256.
--
-- Rules   Login and password as api.authenticate_user has it; no failure tells which of them was wrong.
--         An account with a second factor also needs p_totp: its code, or a recovery code. Only after the right
--         password is it told that one is missing; a wrong one is refused in the words of a wrong password.
--         The session is a new one with new tokens, see core.open_session.
-- Errors  UN002 wrong login, password or code, UN004 the code is missing, RL002 too many
--         attempts (kept, not raised: the attempt stays on record)
-- Locks   the account's row, so that two sign-ins count each other's sessions
-- Owned by plinth_system: there is no caller yet.
create or replace function api.create_session(p_login text, p_password text, p_totp text default null)
returns table (token text, refresh_token text, expires_at timestamptz, "user" json)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user    core.user_profiles;
  v_session uuid;
  v_verdict text;
begin
  select a.* into v_user from api.authenticate_user(p_login, p_password) a;

  if not found then
    return;
  end if;

  v_verdict := core.check_second_factor(v_user.id, p_totp);
  if v_verdict = 'wait' then
    return;
  elsif v_verdict = 'wrong' then
    perform core.keep_failure('UN002', 'The login and the password do not belong together');
    return;
  elsif v_verdict = 'needed' then
    perform core.keep_failure('UN004', 'Send the code of your second factor, or a recovery code', 'totp');
    return;
  end if;

  update auth.users u
     set last_login_at = now(), login_count = u.login_count + 1
   where u.id = v_user.id;

  select o.session_id, o.token, o.refresh_token, o.expires_at into v_session, token, refresh_token, expires_at
    from core.open_session(v_user.id) o;
  "user" := row_to_json(v_user);

  perform ops.write_audit('sign_in', 'auth.sessions', v_session::text, v_user.id);
  return next;
end
$$;

comment on function api.create_session(text, text, text) is 'Signs in: a session token, a refresh token and the user';
grant execute on function api.create_session(text, text, text) to plinth_web, plinth_operator;
alter function api.create_session(text, text, text) owner to plinth_system;
select http.expose('POST /v1/sessions', 'api.create_session', auth => 'none', status => 201, result => 'one', lane => 'hash',
                   once => 'may');
