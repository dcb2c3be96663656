-- api.create_session: signs in. The tokens are in this answer and nowhere else; the table keeps their SHA-256.
--
-- Rules   Login and password as api.authenticate_user has it; no failure tells which of them was wrong.
--         A user has at most session.limit live sessions; the oldest gives way.
--         The token lives session.access_minutes, the refresh token session.refresh_days.
-- Errors  UN002 wrong login or password, RL002 too many attempts (kept, not raised: the attempt stays on record)
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
  v_session uuid := base.new_id();
begin
  select a.* into v_user from api.authenticate_user(p_login, p_password) a;

  if not found then
    return;
  end if;

  update auth.users u
     set last_login_at = now(), login_count = u.login_count + 1
   where u.id = v_user.id;

  update auth.sessions s
     set ended_at = clock_timestamp(), end_reason = 'too many sessions'
   where s.user_id = v_user.id and s.ended_at is null
     and s.id in (select o.id from auth.sessions o
                   where o.user_id = v_user.id and o.ended_at is null and o.refresh_expires_at > now()
                   order by o.created_at desc, o.id desc
                   offset base.setting('session.limit')::integer - 1);

  token := core.new_token('pls', v_user.id);
  refresh_token := core.new_token('plr', v_user.id);
  expires_at := now() + make_interval(mins => base.setting('session.access_minutes')::integer);
  "user" := row_to_json(v_user);

  insert into auth.sessions
    (user_id, id, token_hash, refresh_hash, address, user_agent, expires_at, refresh_expires_at)
  values
    (v_user.id, v_session, sha256(convert_to(token, 'UTF8')), sha256(convert_to(refresh_token, 'UTF8')),
     base.request_context(3)::inet, base.request_context(4), create_session.expires_at,
     now() + make_interval(days => base.setting('session.refresh_days')::integer));

  perform ops.write_audit('sign_in', 'auth.sessions', v_session::text, v_user.id);
  return next;
end
$$;

comment on function api.create_session(text, text, text) is 'Signs in: a session token, a refresh token and the user';
grant execute on function api.create_session(text, text, text) to plinth_web, plinth_operator;
alter function api.create_session(text, text, text) owner to plinth_system;
select http.expose('POST /v1/sessions', 'api.create_session', auth => 'none', status => 201, result => 'one', lane => 'hash');
