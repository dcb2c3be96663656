-- api.list_grants: rights on a thing, of a team, or of the caller, newest first.
--
-- Rules   With a resource: every grant on it, for its owner and who was given admin; else only those that concern the
--         caller. With a team: what the team was given. With neither: what the caller was given, also through teams.
-- Errors  UN001 nobody is signed in; NF001 no such team, or the caller is not in it; VL001 after is not a place in
--         this list; VL003 only one of resource_type and resource_id
create or replace function api.list_grants(
  p_user_id uuid,
  p_resource_type text default null,
  p_resource_id uuid default null,
  p_team_id uuid default null,
  p_after text default null,
  p_limit integer default 50
)
returns table (
  id              uuid,
  resource_type   text,
  resource_id     uuid,
  owner_id        uuid,
  subject_user_id uuid,
  subject_team_id uuid,
  "right"         text,
  granted_by      uuid,
  created_at      timestamptz,
  updated_at      timestamptz,
  cursor          text
)
language plpgsql
stable
security definer
rows 20
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform core.check_after(p_after);
  if num_nonnulls(p_resource_type, p_resource_id) = 1 then
    perform base.raise('VL003', 'Name resource_type and resource_id, or neither',
                       case when p_resource_id is null then 'resource_id' else 'resource_type' end);
  end if;
  if p_team_id is not null then
    perform core.require_team(p_user_id, p_team_id);
  end if;

  return query
    select g.*, g.id::text
      from core.grant_details g
     where (p_resource_id is null or g.resource_id = p_resource_id and g.resource_type = p_resource_type)
       and (p_team_id is null or g.subject_team_id = p_team_id)
       and (num_nonnulls(p_resource_id, p_team_id) > 0
            or g.subject_user_id = p_user_id or g.subject_team_id = any ((select auth.team_ids())::uuid[]))
       and (p_after is null or g.id < p_after::uuid)
     order by g.id desc
     limit p_limit;
end
$$;

comment on function api.list_grants(uuid, text, uuid, uuid, text, integer) is
  'Rights on a thing, of a team, or of the caller';
grant execute on function api.list_grants(uuid, text, uuid, uuid, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/grants', 'api.list_grants');
