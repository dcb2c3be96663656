-- api.update_skill: changes what is said of a version of a skill, or makes it the current one.
--
-- Rules   The current version where none is named. What is not named stays. Parameters never change: register another
--         version. current => true makes it the one that is run where none is named, and the former one no more; so a
--         bad version is taken back. It cannot be false: one version is.
--         With p_revision the change is made only while that is the revision (optimistic).
-- Permission skills:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such skill or version; VL001 a field
--         breaks a rule; KC002 the revision is not the current one
-- Locks   the versions of the skill, in order
-- Touches all:skills
create or replace function api.update_skill(
  p_name            text,
  p_version         text default null,
  p_description     text default null,
  p_timeout_seconds integer default null,
  p_tags            text[] default null,
  p_metadata        jsonb default null,
  p_current         boolean default null,
  p_revision        integer default null
)
returns setof core.skill_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_skill chat.skills;
begin
  perform core.require_permission('skills:manage');
  perform from chat.skills s where s.name = p_name order by s.version for update;
  v_skill := core.find_skill(p_name, p_version);
  if p_revision <> v_skill.revision then
    perform base.raise('KC002', format('The revision is %s by now, not %s', v_skill.revision, p_revision), 'revision');
  end if;
  if not p_current then
    perform base.raise('VL001', 'current can only be true: make another version the current one', 'current');
  end if;
  perform core.check_skill(p_name, v_skill.version, p_description, p_timeout_seconds, p_tags, p_metadata);

  update chat.skills s set current = false
   where p_current and s.name = p_name and s.current and s.version <> v_skill.version;
  update chat.skills s
     set description = coalesce(p_description, s.description),
         timeout_seconds = coalesce(p_timeout_seconds, s.timeout_seconds),
         tags = coalesce(p_tags, s.tags),
         metadata = coalesce(p_metadata, s.metadata),
         current = coalesce(p_current, s.current)
   where s.name = p_name and s.version = v_skill.version;

  return query select d.* from core.skill_details d where d.name = p_name and d.version = v_skill.version;
end
$$;

comment on function api.update_skill(text, text, text, integer, text[], jsonb, boolean, integer) is
  'Changes what is said of a version of a skill, or makes it the current one';
grant execute on function api.update_skill(text, text, text, integer, text[], jsonb, boolean, integer)
  to plinth_web, plinth_operator;
select http.expose('PATCH /v1/skills/{name}', 'api.update_skill', permission => 'skills:manage');
