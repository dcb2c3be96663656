-- api.accept_invitation: the caller joins the team that the link is for.
--
-- Rules   The invitation is for the account with that address only. It works once.
-- Errors  UN001 nobody is signed in; VL004 the token is not, or no longer, good; NP001 it is for another address;
--         KC001 in the team already; KC004 the team is full, or the caller in too many teams
-- Locks   the token's row, the invitation's, then the team's
-- Touches sessions
-- Owned by plinth_system: the caller is not in the team yet.
create or replace function api.accept_invitation(p_user_id uuid, p_token text)
returns setof core.team_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_invitation auth.team_invitations;
begin
  p_user_id := core.act_for(p_user_id);
  v_invitation := core.take_invitation(p_token);
  if not exists (select from auth.users u where u.id = p_user_id and lower(u.email) = v_invitation.email) then
    perform base.raise('NP001', 'The invitation is for another address');
  end if;
  perform core.put_in_team(v_invitation.team_id, p_user_id, v_invitation.role, v_invitation.invited_by);
  perform ops.write_audit('team.invitation_accepted', 'auth.team_invitations', v_invitation.id::text, p_user_id);

  return query select t.* from core.team_details t where t.id = v_invitation.team_id;
end
$$;

comment on function api.accept_invitation(uuid, text) is 'The caller joins the team that the link is for';
grant execute on function api.accept_invitation(uuid, text) to plinth_web, plinth_operator;
alter function api.accept_invitation(uuid, text) owner to plinth_system;
select http.expose('POST /v1/invitations', 'api.accept_invitation', permission => 'self:write');
