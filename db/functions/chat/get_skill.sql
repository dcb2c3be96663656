-- api.get_skill: a skill, whole; its current version where none is named.
--
-- Errors  UN001 nobody is signed in; NF001 there is no such skill or version
-- Cache   all:skills
create or replace function api.get_skill(p_user_id uuid, p_name text, p_version text default null)
returns setof core.skill_details
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_skill chat.skills;
begin
  p_user_id := core.act_for(p_user_id);
  v_skill := core.find_skill(p_name, p_version);
  return query select d.* from core.skill_details d where d.name = v_skill.name and d.version = v_skill.version;
end
$$;

comment on function api.get_skill(uuid, text, text) is 'A skill; its current version where none is named';
grant execute on function api.get_skill(uuid, text, text) to plinth_web, plinth_operator;
select http.expose('GET /v1/skills/{name}', 'api.get_skill', cache => 300, tags => '{all:skills}');
