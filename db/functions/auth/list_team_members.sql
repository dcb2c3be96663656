-- api.list_team_members: who is in a team the caller is in, in the order of their ids.
--
-- Errors  UN001 nobody is signed in; NF001 no such team, or the caller is not in it; VL001 after is not a place in
--         this list
-- Owned by plinth_system: it shows the names of other members.
create or replace function api.list_team_members(
  p_user_id uuid,
  p_team_id uuid,
  p_after text default null,
  p_limit integer default 50
)
returns table (
  user_id   uuid,
  username  text,
  full_name text,
  role      text,
  added_by  uuid,
  joined_at timestamptz,
  cursor    text
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
  perform core.require_team(p_user_id, p_team_id);

  return query
    select m.user_id, u.username, u.full_name, m.role, m.added_by, m.joined_at, m.user_id::text
      from auth.team_members m
      join auth.users u on u.id = m.user_id
     where m.team_id = p_team_id and (p_after is null or m.user_id > p_after::uuid)
     order by m.user_id
     limit p_limit;
end
$$;

comment on function api.list_team_members(uuid, uuid, text, integer) is 'Who is in a team the caller is in';
grant execute on function api.list_team_members(uuid, uuid, text, integer) to plinth_web, plinth_operator;
alter function api.list_team_members(uuid, uuid, text, integer) owner to plinth_system;
select http.expose('GET /v1/teams/{team_id}/members', 'api.list_team_members');
