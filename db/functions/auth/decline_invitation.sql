-- api.decline_invitation: whoever has the link does not want to join. The invitation ends.
--
-- Rules   Nobody has to sign in, or even have an account, to decline.
-- Errors  VL004 the token is not, or no longer, good
-- Locks   the token's row, then the invitation's
-- Owned by plinth_system: there is no caller.
create or replace function api.decline_invitation(p_token text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_invitation auth.team_invitations;
begin
  v_invitation := core.take_invitation(p_token);
  perform ops.write_audit('team.invitation_declined', 'auth.team_invitations', v_invitation.id::text);
end
$$;

comment on function api.decline_invitation(text) is 'Declines the invitation that the link is for';
grant execute on function api.decline_invitation(text) to plinth_web, plinth_operator;
alter function api.decline_invitation(text) owner to plinth_system;
select http.expose('POST /v1/invitations/decline', 'api.decline_invitation', auth => 'none', status => 204, once => 'may');
