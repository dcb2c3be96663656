-- api.list_skills: the skills there are, by name: the current version of each.
--
-- Rules   What is switched off is listed only where enabled is asked for as false. search finds a part of name or
--         description, without regard to case; tag one of its tags; metadata what its metadata hold.
-- Why plan_cache_mode   What was not asked for falls away when the statement is planned.
-- Errors  UN001 nobody is signed in; VL001 search, metadata
-- Cache   all:skills
create or replace function api.list_skills(
  p_user_id  uuid,
  p_search   text default null,
  p_tag      text default null,
  p_metadata jsonb default null,
  p_enabled  boolean default true,
  p_after    text default null,
  p_limit    integer default 50
)
returns table (
  name            text,
  version         text,
  enabled         boolean,
  description     text,
  parameters      jsonb,
  timeout_seconds integer,
  tags            text[],
  metadata        jsonb,
  created_at      timestamptz,
  updated_at      timestamptz,
  revision        integer,
  cursor          text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  v_like text := '%' || replace(replace(replace(lower(btrim(p_search)), '\', '\\'), '%', '\%'), '_', '\_') || '%';
begin
  p_user_id := core.act_for(p_user_id);
  if length(p_search) > 100 then
    perform base.raise('VL001', 'search must have at most 100 characters', 'search');
  end if;
  if jsonb_typeof(p_metadata) <> 'object' then
    perform base.raise('VL001', 'metadata must be an object', 'metadata');
  end if;

  return query
    select s.name, s.version, s.enabled, s.description, s.parameters, s.timeout_seconds, s.tags, s.metadata, s.created_at,
           s.updated_at, s.revision, s.name
      from chat.skills s
     where s.current and s.enabled = coalesce(p_enabled, true)
       and (v_like is null or lower(s.name || ' ' || s.description) like v_like)
       and (p_tag is null or s.tags @> array[p_tag])
       and (p_metadata is null or s.metadata @> p_metadata)
       and (p_after is null or s.name > p_after)
     order by s.name
     limit p_limit;
end
$$;

comment on function api.list_skills(uuid, text, text, jsonb, boolean, text, integer) is
  'The skills there are, the current version of each';
grant execute on function api.list_skills(uuid, text, text, jsonb, boolean, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/skills', 'api.list_skills', cache => 300, tags => '{all:skills}');
