-- api.leave_team: the caller leaves a team. What it was given ends for him at once.
--
-- Rules   The last owner stays until he transfers the team, or deletes it.
-- Errors  UN001 nobody is signed in; NF001 no such team, or the caller is not in it; KC003 the last owner
-- Locks   the membership's row
-- Touches sessions
create or replace function api.leave_team(p_user_id uuid, p_team_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform core.require_team(p_user_id, p_team_id);

  delete from auth.team_members m where m.team_id = p_team_id and m.user_id = p_user_id and m.role <> 'owner';
  if not found then
    perform core.refuse_member(p_team_id, p_user_id);
  end if;
end
$$;

comment on function api.leave_team(uuid, uuid) is 'The caller leaves a team';
grant execute on function api.leave_team(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/teams/{team_id}/membership', 'api.leave_team', status => 204);
