-- api.delete_team: removes a team, its memberships, invitations, and what it was given.
--
-- Rules   Its owner only.
-- Permission teams:write
-- Errors  UN001 nobody is signed in; NF001 no such team, or the caller is not in it; NP001 not its owner
-- Locks   the team's row, then what hangs on it
-- Touches sessions of every member
create or replace function api.delete_team(p_user_id uuid, p_team_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform core.require_team(p_user_id, p_team_id, 'owner');
  delete from auth.teams t where t.id = p_team_id;
end
$$;

comment on function api.delete_team(uuid, uuid) is 'Removes a team and all that hangs on it';
grant execute on function api.delete_team(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/teams/{team_id}', 'api.delete_team', permission => 'teams:write', status => 204);
