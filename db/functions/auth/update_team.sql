-- api.update_team: changes a team's name or description.
--
-- Rules   Owners and admins. What is not named stays; an empty description clears it.
--         With p_version the change is made only while that is the current version (optimistic).
-- Permission teams:write
-- Errors  UN001 nobody is signed in; NF001 no such team, or the caller is not in it; NP001 neither owner nor admin;
--         VL001 name, description; KC002 the version is not the current one
-- Locks   the team's row
create or replace function api.update_team(
  p_user_id uuid,
  p_team_id uuid,
  p_name text default null,
  p_description text default null,
  p_version integer default null
)
returns setof core.team_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_team auth.teams;
begin
  p_user_id := core.act_for(p_user_id);
  perform core.require_team(p_user_id, p_team_id, 'admin');

  select t.* into v_team from auth.teams t where t.id = p_team_id for no key update;
  if p_version <> v_team.version then
    perform base.raise('KC002', format('The version is %s by now, not %s', v_team.version, p_version), 'version');
  end if;
  perform core.check_team(coalesce(p_name, v_team.name), p_description);

  update auth.teams t
     set name = coalesce(btrim(p_name), t.name),
         description = case when p_description is null then t.description else nullif(btrim(p_description), '') end
   where t.id = p_team_id;

  return query select t.* from core.team_details t where t.id = p_team_id;
end
$$;

comment on function api.update_team(uuid, uuid, text, text, integer) is 'Changes a team; what is not named stays';
grant execute on function api.update_team(uuid, uuid, text, text, integer) to plinth_web, plinth_operator;
select http.expose('PATCH /v1/teams/{team_id}', 'api.update_team', permission => 'teams:write');
