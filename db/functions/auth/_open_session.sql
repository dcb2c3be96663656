-- core.open_session: a new session for a user who has just shown all that the account asks for. The tokens are in this
-- answer and nowhere else; the table keeps their SHA-256.
--
-- Rules   A user has at most session.limit live sessions; the oldest gives way, which the audit trail tells.
--         The session token lives session.access_minutes; the rest as core.session_lifetimes has it.
--         A sign-in is a step-up.
-- Locks   the account's row, so that two sign-ins count each other's sessions; then the sessions that give way
-- Owned by plinth_system: at sign-in there is no caller yet.
create or replace function core.open_session(p_user_id uuid)
returns table (session_id uuid, token text, refresh_token text, expires_at timestamptz)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lifetime record;
  v_oldest   uuid;
begin
  perform from auth.users u where u.id = p_user_id for no key update;

  for v_oldest in
    update auth.sessions s
       set ended_at = clock_timestamp(), end_reason = 'too many sessions'
     where s.user_id = p_user_id and s.ended_at is null
       and s.id in (select o.id from auth.sessions o
                     where o.user_id = p_user_id and o.ended_at is null and o.refresh_expires_at > now()
                     order by o.created_at desc, o.id desc
                     offset base.setting('session.limit')::integer - 1)
    returning s.id
  loop
    perform ops.write_audit('session.displaced', 'auth.sessions', v_oldest::text, p_user_id);
  end loop;

  select * into v_lifetime from core.session_lifetimes(p_user_id);
  session_id := base.new_id();
  token := core.new_token('pls', p_user_id);
  refresh_token := core.new_token('plr', p_user_id);
  expires_at := now() + least(v_lifetime.whole, make_interval(mins => base.setting('session.access_minutes')::integer));

  insert into auth.sessions
    (user_id, id, token_hash, refresh_hash, address, user_agent, expires_at, refresh_expires_at, stepped_up_at)
  values
    (p_user_id, session_id, sha256(convert_to(token, 'UTF8')), sha256(convert_to(refresh_token, 'UTF8')),
     base.request_context(3)::inet, base.request_context(4), open_session.expires_at,
     now() + least(v_lifetime.whole, v_lifetime.idle), now());
  return next;
end
$$;

comment on function core.open_session(uuid) is
  'A new session for a user who has just shown all that the account asks for';
alter function core.open_session(uuid) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.open_session(uuid) to plinth_owner;
set local role plinth_owner;
