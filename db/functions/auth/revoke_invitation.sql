-- api.revoke_invitation: takes an invitation back; its link leads nowhere from now on.
--
-- Rules   Owners and admins.
-- Permission teams:write
-- Errors  UN001 nobody is signed in; NF001 no such team, or the caller is not in it, or no such invitation; NP001
--         neither owner nor admin
-- Locks   the invitation's row
create or replace function api.revoke_invitation(p_user_id uuid, p_team_id uuid, p_invitation_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform core.require_team(p_user_id, p_team_id, 'admin');
  delete from auth.team_invitations i where i.team_id = p_team_id and i.id = p_invitation_id;
  if not found then
    perform base.raise('NF001', 'There is no such invitation', 'invitation_id');
  end if;
end
$$;

comment on function api.revoke_invitation(uuid, uuid, uuid) is 'Takes an invitation back';
grant execute on function api.revoke_invitation(uuid, uuid, uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/teams/{team_id}/invitations/{invitation_id}', 'api.revoke_invitation',
                   permission => 'teams:write', status => 204);
