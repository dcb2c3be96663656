-- api.set_skill_enabled: switches a skill on or off; all its versions where none is named. Returns how many changed.
--
-- Rules   What runs already goes on and may be finished. A step of a plan whose skill is off fails when it is due.
-- Permission skills:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such skill or version; VL003 nothing
--         says whether it shall be on
-- Locks   the versions of the skill, in order
-- Touches all:skills
create or replace function api.set_skill_enabled(p_name text, p_enabled boolean, p_version text default null)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_changed integer;
begin
  perform core.require_permission('skills:manage');
  if p_enabled is null then
    perform base.raise('VL003', 'Say whether it shall be enabled', 'enabled');
  end if;
  perform from chat.skills s where s.name = p_name order by s.version for update;
  perform core.find_skill(p_name, p_version);

  update chat.skills s set enabled = p_enabled
   where s.name = p_name and (p_version is null or s.version = p_version) and s.enabled <> p_enabled;
  get diagnostics v_changed = row_count;
  return v_changed;
end
$$;

comment on function api.set_skill_enabled(text, boolean, text) is 'Switches a skill, or one version of it, on or off';
grant execute on function api.set_skill_enabled(text, boolean, text) to plinth_web, plinth_operator;
select http.expose('PUT /v1/skills/{name}/enabled', 'api.set_skill_enabled', permission => 'skills:manage');
