-- api.end_other_sessions: signs out everywhere but here.
--
-- Rules   Outside a request there is no session of this request: then all end.
-- Errors  UN001 nobody is signed in
-- Locks   the sessions' rows
-- Touches sessions
create or replace function api.end_other_sessions(p_user_id uuid)
returns table (ended integer)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  ended := core.end_sessions(p_user_id, 'signed out elsewhere', base.request_context(1)::uuid);
  return next;
end
$$;

comment on function api.end_other_sessions(uuid) is 'Signs out everywhere but here; how many sessions that were';
grant execute on function api.end_other_sessions(uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/sessions/others', 'api.end_other_sessions', auth => 'session', result => 'one');
