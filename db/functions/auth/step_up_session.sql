-- api.step_up_session: whoever holds the session shows again who it is, and may do for session.step_up_minutes what
-- asks for that. The session gets a new token; the old one is worthless from this commit on.
--
-- Rules   With a second factor it is its code (or a recovery code) that counts, else the password. What is given
--         besides has to be right, too. Failures are counted as at sign-in.
-- Errors  UN001 nobody is signed in, or not in a session; VL003 password;
--         UN002 wrong password or code, UN004 the code is missing, RL002 too many attempts (kept, not raised)
-- Locks   the account's row, the second factor, the attempts, then the session's row
-- Touches sessions
-- Owned by plinth_system: it calls api.authenticate_user. It names the caller's own account and session.
create or replace function api.step_up_session(p_user_id uuid, p_password text default null, p_totp text default null)
returns table (token text, expires_at timestamptz)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_session uuid := base.request_context(1)::uuid;
  v_verdict text;
begin
  p_user_id := core.act_for(p_user_id);

  if p_password is not null then
    perform from api.authenticate_user((select u.username from auth.users u where u.id = p_user_id), p_password);
    if not found then
      return;
    end if;
  end if;

  v_verdict := core.check_second_factor(p_user_id, p_totp);
  if v_verdict = 'wait' then
    return;
  elsif v_verdict = 'wrong' then
    perform core.keep_failure('UN002', 'The code is wrong, or was used before', 'totp');
    return;
  elsif v_verdict = 'needed' then
    perform core.keep_failure('UN004', 'Send the code of your second factor, or a recovery code', 'totp');
    return;
  elsif v_verdict = 'not_needed' and p_password is null then
    perform base.raise('VL003', 'The password is needed', 'password');
  end if;

  token := core.new_token('pls', p_user_id);
  update auth.sessions s
     set token_hash = sha256(convert_to(token, 'UTF8')), stepped_up_at = now(),
         expires_at = least(now() + make_interval(mins => base.setting('session.access_minutes')::integer),
                            s.refresh_expires_at)
   where s.user_id = p_user_id and s.id = v_session and s.ended_at is null
  returning s.expires_at into step_up_session.expires_at;
  if not found then
    perform base.raise('UN001', 'There is no session to step up');
  end if;
  perform ops.write_audit('session.stepped_up', 'auth.sessions', v_session::text, p_user_id);
  return next;
end
$$;

comment on function api.step_up_session(uuid, text, text) is
  'Shows again who it is: a new session token that may also do what asks for a step-up';
grant execute on function api.step_up_session(uuid, text, text) to plinth_web, plinth_operator;
alter function api.step_up_session(uuid, text, text) owner to plinth_system;
select http.expose('POST /v1/sessions/current/step-up', 'api.step_up_session', auth => 'session', result => 'one',
                   lane => 'hash');
