-- api.register_skill: registers a skill, or another version of one.
--
-- Rules   parameters is a JSON Schema that says "type": "object"; core.schema_faults tells which keywords are
--         checked, and refuses others. A version keeps its parameters for ever: runs were checked against them.
--         What is not given is that of the current version, where there is one. The new version becomes the current
--         one unless current is false; the first of a name always does.
-- Permission skills:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; VL001 a field breaks a rule; VL001 with all that is
--         wrong with the parameters, each with its place; VL003 name, description or parameters are missing; KC001
--         the version is there already; KC008 there are too many
-- Locks   the row of the setting skills.limit, so that of two at once the second sees the first; then the current
--         version
-- Touches all:skills
create or replace function api.register_skill(
  p_name            text,
  p_description     text default null,
  p_parameters      jsonb default null,
  p_version         text default '1.0.0',
  p_timeout_seconds integer default null,
  p_tags            text[] default null,
  p_metadata        jsonb default null,
  p_enabled         boolean default true,
  p_current         boolean default true
)
returns setof core.skill_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now    chat.skills;
  v_faults jsonb;
begin
  perform core.require_permission('skills:manage');
  if p_name is null then
    perform base.raise('VL003', 'A skill needs a name', 'name');
  end if;
  p_version := coalesce(p_version, '1.0.0');
  perform core.check_skill(p_name, p_version, p_description, p_timeout_seconds, p_tags, p_metadata);

  update base.settings s set value = s.value where s.name = 'skills.limit';
  select s.* into v_now from chat.skills s where s.name = p_name and s.current for update;
  if coalesce(p_description, v_now.description) is null or coalesce(p_parameters, v_now.parameters) is null then
    perform base.raise('VL003', 'A new skill needs a description and parameters',
                       case when p_description is null then 'description' else 'parameters' end);
  end if;
  if exists (select from chat.skills s where s.name = p_name and s.version = p_version) then
    perform base.raise('KC001', format('Version %s of %s is there already', p_version, p_name), 'version');
  end if;
  if (select count(*) from chat.skills) >= base.setting('skills.limit')::integer then
    perform base.raise('KC008', format('There are %s versions of skills already', base.setting('skills.limit')));
  end if;
  if octet_length(p_parameters::text) > 65536 then
    perform base.raise('VL001', 'parameters must have at most 65,536 bytes', 'parameters');
  end if;
  v_faults := core.schema_faults(p_parameters, 'parameters');
  if p_parameters is not null and v_faults <> '[]' then
    perform base.raise_all('VL001', 'The parameters are no JSON Schema that can be checked; errors tells what is wrong', v_faults);
  end if;

  p_current := coalesce(p_current, true) or v_now.name is null;
  update chat.skills s set current = false where p_current and s.name = p_name and s.current;
  insert into chat.skills (name, version, description, parameters, enabled, current, timeout_seconds, tags, metadata)
  values (p_name, p_version, coalesce(p_description, v_now.description), coalesce(p_parameters, v_now.parameters),
          coalesce(p_enabled, true), p_current, coalesce(p_timeout_seconds, v_now.timeout_seconds, 300),
          coalesce(p_tags, v_now.tags, '{}'), coalesce(p_metadata, v_now.metadata, '{}'));

  return query select d.* from core.skill_details d where d.name = p_name and d.version = p_version;
end
$$;

comment on function api.register_skill(text, text, jsonb, text, integer, text[], jsonb, boolean, boolean) is
  'Registers a skill, or another version of one';
grant execute on function api.register_skill(text, text, jsonb, text, integer, text[], jsonb, boolean, boolean)
  to plinth_web, plinth_operator;
select http.expose('POST /v1/skills', 'api.register_skill', permission => 'skills:manage', status => 201);
