-- api.update_team_member: makes a member an admin, or an admin a member.
--
-- Rules   Owners and admins. An owner changes by api.transfer_team only.
-- Permission teams:write
-- Errors  UN001 nobody is signed in; NF001 no such team, or the caller or the other is not in it; NP001 neither owner
--         nor admin; VL001 role; KC003 the other is an owner
-- Locks   the membership's row
-- Touches sessions of the member
create or replace function api.update_team_member(
  p_user_id uuid,
  p_team_id uuid,
  p_member_id uuid,
  p_role text
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform core.require_team(p_user_id, p_team_id, 'admin');
  if p_role is null or p_role not in ('admin', 'member') then
    perform base.raise('VL001', 'role must be admin or member', 'role');
  end if;

  update auth.team_members m set role = p_role
   where m.team_id = p_team_id and m.user_id = p_member_id and m.role <> 'owner';
  if not found then
    perform core.refuse_member(p_team_id, p_member_id);
  end if;
end
$$;

comment on function api.update_team_member(uuid, uuid, uuid, text) is
  'Makes a member an admin, or an admin a member';
grant execute on function api.update_team_member(uuid, uuid, uuid, text) to plinth_web, plinth_operator;
select http.expose('PATCH /v1/teams/{team_id}/members/{member_id}', 'api.update_team_member',
                   permission => 'teams:write', status => 204);
