-- api.remove_team_member: takes somebody out of a team. What the team was given ends for him at once.
--
-- Rules   Owners and admins; an owner stays.
-- Permission teams:write
-- Errors  UN001 nobody is signed in; NF001 no such team, or the caller or the other is not in it; NP001 neither owner
--         nor admin; KC003 the other is an owner
-- Locks   the membership's row
-- Touches sessions of the member
create or replace function api.remove_team_member(p_user_id uuid, p_team_id uuid, p_member_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform core.require_team(p_user_id, p_team_id, 'admin');

  delete from auth.team_members m where m.team_id = p_team_id and m.user_id = p_member_id and m.role <> 'owner';
  if not found then
    perform core.refuse_member(p_team_id, p_member_id);
  end if;
end
$$;

comment on function api.remove_team_member(uuid, uuid, uuid) is 'Takes somebody out of a team';
grant execute on function api.remove_team_member(uuid, uuid, uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/teams/{team_id}/members/{member_id}', 'api.remove_team_member',
                   permission => 'teams:write', status => 204);
