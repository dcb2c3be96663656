-- api.refresh_session: a new session token and a new refresh token for the one presented, which is spent with that. The
-- session stays the same; its old token is worthless from this commit on.
--
-- Rules   Both successors are derived from the presented token, keyed with the secret outside the database. So the
--         answer to a refresh can be given again, to a client that lost it, without being kept anywhere: for
--         session.reuse_grace_seconds, and only to the token that the one in force was derived from.
--         Any other spent token was copied: its session ends, and the audit trail tells it once.
--         No later than core.session_lifetimes says; a step-up ends with the token it was for.
-- Errors  UN001 unknown, expired, ended; spent (kept, not raised: the session stays ended); SV503 no keys
-- Locks   the session's row: of many uses at once, one spends the token and the others find it spent
-- Touches sessions
-- Owned by plinth_system: whose session it is comes out of the token.
create or replace function api.refresh_session(p_refresh_token text)
returns table (token text, refresh_token text, expires_at timestamptz)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  c_refused constant text := 'The refresh token is unknown, expired, spent or ended; sign in again';
  v_hash     bytea := sha256(convert_to(p_refresh_token, 'UTF8'));
  v_key      bytea := core.secret_key('derive', 'refreshed tokens');
  v_session  auth.sessions;
  v_lifetime record;
  v_spent_at timestamptz;
begin
  select f.user_id, f.session_id into v_session.user_id, v_session.id
    from (select s.user_id, s.id as session_id from auth.sessions s where s.refresh_hash = v_hash
          union all
          select t.user_id, t.session_id from auth.spent_refresh_tokens t where t.token_hash = v_hash) f;
  -- Locked before it is looked at: whoever waited here sees what the one before made of it.
  select s.* into v_session
    from auth.sessions s where s.user_id = v_session.user_id and s.id = v_session.id
     for update;
  select * into v_lifetime from core.session_lifetimes(v_session.user_id);

  if v_session.id is null or v_session.ended_at is not null
     or least(v_session.refresh_expires_at, v_session.created_at + v_lifetime.whole) <= now()
  then
    perform base.raise('UN001', c_refused);
  end if;

  token := core.token_text('pls', v_session.user_id,
                           ext.hmac(convert_to('session ' || p_refresh_token, 'UTF8'), v_key, 'sha256'));
  refresh_token := core.token_text('plr', v_session.user_id,
                                   ext.hmac(convert_to('refresh ' || p_refresh_token, 'UTF8'), v_key, 'sha256'));

  if v_session.refresh_hash = v_hash then
    expires_at := least(now() + make_interval(mins => base.setting('session.access_minutes')::integer),
                        v_session.created_at + v_lifetime.whole);
    insert into auth.spent_refresh_tokens (user_id, token_hash, session_id)
    values (v_session.user_id, v_hash, v_session.id);
    update auth.sessions s
       set token_hash = sha256(convert_to(token, 'UTF8')), refresh_hash = sha256(convert_to(refresh_token, 'UTF8')),
           expires_at = refresh_session.expires_at, last_seen_at = now(), stepped_up_at = null,
           refresh_expires_at = least(now() + v_lifetime.idle, v_session.created_at + v_lifetime.whole)
     where s.user_id = v_session.user_id and s.id = v_session.id;
    return next;
    return;
  end if;

  -- Spent. A clock that was set back makes the grace no longer.
  select t.spent_at into v_spent_at from auth.spent_refresh_tokens t where t.token_hash = v_hash;
  if v_session.refresh_hash = sha256(convert_to(refresh_token, 'UTF8'))
     and abs(extract(epoch from clock_timestamp() - v_spent_at)) <= base.setting('session.reuse_grace_seconds')::integer
  then
    expires_at := v_session.expires_at;
    return next;
    return;
  end if;

  update auth.sessions s
     set ended_at = clock_timestamp(), end_reason = 'refresh token reused'
   where s.user_id = v_session.user_id and s.id = v_session.id;
  perform ops.write_audit('session.reuse', 'auth.sessions', v_session.id::text, v_session.user_id);
  perform core.keep_failure('UN001', c_refused);
end
$$;

comment on function api.refresh_session(text) is 'A new session token and refresh token for the one presented';
grant execute on function api.refresh_session(text) to plinth_web, plinth_operator;
alter function api.refresh_session(text) owner to plinth_system;
select http.expose('POST /v1/sessions/refresh', 'api.refresh_session', auth => 'none', result => 'one');
