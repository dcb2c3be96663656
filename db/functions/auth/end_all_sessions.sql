-- api.end_all_sessions: signs out everywhere, here too.
--
-- Errors  UN001 nobody is signed in
-- Locks   the sessions' rows
-- Touches sessions
create or replace function api.end_all_sessions(p_user_id uuid)
returns table (ended integer)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  ended := core.end_sessions(p_user_id, 'signed out everywhere');
  return next;
end
$$;

comment on function api.end_all_sessions(uuid) is 'Signs out everywhere, here too; how many sessions that were';
grant execute on function api.end_all_sessions(uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/sessions', 'api.end_all_sessions', auth => 'session', result => 'one');
