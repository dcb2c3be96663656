-- api.create_team: makes a team, owned by who makes it.
--
-- Rules   Name 1 to 100 characters; two teams may have the same. Nobody is in more than team.user_limit teams.
-- Permission teams:write
-- Errors  UN001 nobody is signed in; VL001 name, description; KC004 in too many teams already
-- Locks   none but the keys it inserts
-- Touches sessions
-- Owned by plinth_system: nobody is in the team yet, so no policy lets its first member in.
create or replace function api.create_team(p_user_id uuid, p_name text, p_description text default null)
returns setof core.team_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid := base.new_id();
begin
  p_user_id := core.act_for(p_user_id);
  perform core.check_team(p_name, p_description);
  perform core.check_team_count(p_user_id);

  insert into auth.teams (id, name, description, created_by)
  values (v_id, btrim(p_name), nullif(btrim(p_description), ''), p_user_id);
  insert into auth.team_members (team_id, user_id, role) values (v_id, p_user_id, 'owner');

  return query select t.* from core.team_details t where t.id = v_id;
end
$$;

comment on function api.create_team(uuid, text, text) is 'Makes a team, owned by who makes it';
grant execute on function api.create_team(uuid, text, text) to plinth_web, plinth_operator;
alter function api.create_team(uuid, text, text) owner to plinth_system;
select http.expose('POST /v1/teams', 'api.create_team', permission => 'teams:write', status => 201);
