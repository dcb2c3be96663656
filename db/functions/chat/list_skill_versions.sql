-- api.list_skill_versions: every version of a skill, the newest first.
--
-- Errors  UN001 nobody is signed in; NF001 there is no such skill; VL001 after is not a place in this list
-- Cache   all:skills
create or replace function api.list_skill_versions(
  p_user_id uuid,
  p_name    text,
  p_after   text default null,
  p_limit   integer default 50
)
returns table (
  name            text,
  version         text,
  current         boolean,
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
rows 10
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last timestamptz;
begin
  p_user_id := core.act_for(p_user_id);
  perform core.find_skill(p_name, null);
  if p_after is not null then
    select s.created_at into v_last from chat.skills s where s.name = p_name and s.version = p_after;
    if not found then
      perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
    end if;
  end if;

  return query
    select s.name, s.version, s.current, s.enabled, s.description, s.parameters, s.timeout_seconds, s.tags, s.metadata,
           s.created_at, s.updated_at, s.revision, s.version
      from chat.skills s
     where s.name = p_name and (p_after is null or (s.created_at, s.version) < (v_last, p_after))
     order by s.created_at desc, s.version desc
     limit p_limit;
end
$$;

comment on function api.list_skill_versions(uuid, text, text, integer) is 'Every version of a skill, the newest first';
grant execute on function api.list_skill_versions(uuid, text, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/skills/{name}/versions', 'api.list_skill_versions', cache => 300, tags => '{all:skills}');
