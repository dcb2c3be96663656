-- api.get_team: one team the caller is in.
--
-- Errors  UN001 nobody is signed in; NF001 no such team, or the caller is not in it
create or replace function api.get_team(p_user_id uuid, p_team_id uuid)
returns setof core.team_details
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform core.require_team(p_user_id, p_team_id);
  return query select t.* from core.team_details t where t.id = p_team_id;
end
$$;

comment on function api.get_team(uuid, uuid) is 'One team the caller is in';
grant execute on function api.get_team(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('GET /v1/teams/{team_id}', 'api.get_team');
