-- api.add_team_member: puts a user into a team, by username.
--
-- Rules   Owners and admins who may change accounts besides (users:write), and operators: everybody else invites, so
--         that nobody is put into a team unasked.
--         The new one is member or admin. A team has at most team.member_limit members.
-- Permission teams:write
-- Errors  UN001 nobody is signed in; NF001 no such team, or the caller is not in it, or no such user; NP001 neither
--         owner nor admin, or without users:write; VL001 role; KC001 in the team already; KC004 the team is full, or
--         the user in too many teams
-- Locks   the team's row
-- Touches sessions of the new member
-- Owned by plinth_system: it counts the other's teams.
create or replace function api.add_team_member(
  p_user_id uuid,
  p_team_id uuid,
  p_username text,
  p_role text default 'member'
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform core.require_team(p_user_id, p_team_id, 'admin');
  perform core.require_permission('users:write');
  perform core.put_in_team(p_team_id, core.user_by_name(p_username), p_role, p_user_id);
end
$$;

comment on function api.add_team_member(uuid, uuid, text, text) is 'Puts a user into a team, by username';
grant execute on function api.add_team_member(uuid, uuid, text, text) to plinth_web, plinth_operator;
alter function api.add_team_member(uuid, uuid, text, text) owner to plinth_system;
select http.expose('POST /v1/teams/{team_id}/members', 'api.add_team_member', permission => 'teams:write', status => 204);
