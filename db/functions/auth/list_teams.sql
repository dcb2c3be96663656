-- api.list_teams: the teams the caller is in, newest first.
--
-- Errors  UN001 nobody is signed in; VL001 after is not a place in this list
create or replace function api.list_teams(
  p_user_id uuid,
  p_after text default null,
  p_limit integer default 50
)
returns table (
  id          uuid,
  name        text,
  description text,
  role        text,
  members     integer,
  version     integer,
  created_at  timestamptz,
  updated_at  timestamptz,
  cursor      text
)
language plpgsql
stable
security definer
rows 10
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform core.check_after(p_after);

  return query
    select t.*, t.id::text
      from core.team_details t
     where p_after is null or t.id < p_after::uuid
     order by t.id desc
     limit p_limit;
end
$$;

comment on function api.list_teams(uuid, text, integer) is 'The teams the caller is in, newest first';
grant execute on function api.list_teams(uuid, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/teams', 'api.list_teams');
