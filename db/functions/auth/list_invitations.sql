-- api.list_invitations: the invitations of a team that wait, newest first.
--
-- Rules   Owners and admins.
-- Errors  UN001 nobody is signed in; NF001 no such team, or the caller is not in it; NP001 neither owner nor admin;
--         VL001 after is not a place in this list
create or replace function api.list_invitations(
  p_user_id uuid,
  p_team_id uuid,
  p_after text default null,
  p_limit integer default 50
)
returns table (
  team_id    uuid,
  id         uuid,
  email      text,
  role       text,
  invited_by uuid,
  created_at timestamptz,
  expires_at timestamptz,
  cursor     text
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
  perform core.require_team(p_user_id, p_team_id, 'admin');

  return query
    select i.*, i.id::text
      from core.invitation_details i
     where i.team_id = p_team_id and (p_after is null or i.id < p_after::uuid)
     order by i.id desc
     limit p_limit;
end
$$;

comment on function api.list_invitations(uuid, uuid, text, integer) is 'The invitations of a team that wait';
grant execute on function api.list_invitations(uuid, uuid, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/teams/{team_id}/invitations', 'api.list_invitations');
