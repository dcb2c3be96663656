-- api.transfer_team: makes another member the owner; the former one stays as admin.
--
-- Rules   Its owner only, to a member, with a second look at who he is. Both changes are on record.
-- Permission teams:write
-- Errors  UN001 nobody is signed in; NF001 no such team, or the caller or the other is not in it; NP001 not its
--         owner; VL001 member_id is the caller
-- Locks   the caller's membership, then the other's; of two transfers at once the second finds no owner
-- Touches sessions of both
create or replace function api.transfer_team(p_user_id uuid, p_team_id uuid, p_member_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform core.require_team(p_user_id, p_team_id, 'owner');
  if p_member_id = p_user_id then
    perform base.raise('VL001', 'member_id must be another member', 'member_id');
  end if;

  update auth.team_members m set role = 'admin'
   where m.team_id = p_team_id and m.user_id = p_user_id and m.role = 'owner';
  if not found then
    perform base.raise('NP001', 'Only an owner of the team may do this');
  end if;
  update auth.team_members m set role = 'owner' where m.team_id = p_team_id and m.user_id = p_member_id;
  if not found then
    perform base.raise('NF001', 'Nobody of that id is in the team', 'member_id');
  end if;
end
$$;

comment on function api.transfer_team(uuid, uuid, uuid) is 'Makes another member the owner of a team';
grant execute on function api.transfer_team(uuid, uuid, uuid) to plinth_web, plinth_operator;
select http.expose('POST /v1/teams/{team_id}/transfer', 'api.transfer_team', auth => 'step_up',
                   permission => 'teams:write', status => 204);
