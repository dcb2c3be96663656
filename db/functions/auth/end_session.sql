-- api.end_session: signs out. The token is worthless from this commit on, in every worker.
--
-- Rules   Without a session id it is the session of this request. Ending what has ended already is no error.
-- Errors  UN001 nobody is signed in; NF001 the user has no such session
-- Locks   the session's row
-- Touches sessions
create or replace function api.end_session(p_user_id uuid, p_session_id uuid default null)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  p_session_id := coalesce(p_session_id, base.request_context(1)::uuid);

  update auth.sessions s
     set ended_at = clock_timestamp(), end_reason = 'signed out'
   where s.user_id = p_user_id and s.id = p_session_id and s.ended_at is null;

  if found then
    perform ops.write_audit('sign_out', 'auth.sessions', p_session_id::text, p_user_id);
  elsif not exists (select from auth.sessions s where s.user_id = p_user_id and s.id = p_session_id) then
    perform base.raise('NF001', 'There is no such session', 'session_id');
  end if;
end
$$;

comment on function api.end_session(uuid, uuid) is 'Signs out: ends the session of this request, or the one named';
grant execute on function api.end_session(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/sessions/current', 'api.end_session', auth => 'session', status => 204);
select http.expose('DELETE /v1/sessions/{session_id}', 'api.end_session', auth => 'session', status => 204);
