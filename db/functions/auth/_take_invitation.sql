-- core.take_invitation: spends the token of an invitation and ends it. For functions of plinth_system.
--
-- Rules   Answered, revoked, replaced, run out, and of an inviter who may not invite any more, are one error.
-- Errors  VL004 the token is not, or no longer, good
-- Locks   the token's row, then the invitation's
create or replace function core.take_invitation(p_token text)
returns auth.team_invitations
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_token      auth.one_time_tokens;
  v_invitation auth.team_invitations;
begin
  v_token := core.use_one_time_token('team_invitation', p_token);
  delete from auth.team_invitations i
   where i.team_id = (v_token.payload ->> 'team_id')::uuid and i.id = (v_token.payload ->> 'invitation_id')::uuid
     and i.expires_at > now()
     and exists (select from auth.team_members m
                  where m.team_id = i.team_id and m.user_id = i.invited_by and m.role in ('owner', 'admin'))
  returning i.* into v_invitation;
  if not found then
    perform base.raise('VL004', 'The link is unknown, was used before, or has run out', 'token');
  end if;
  return v_invitation;
end
$$;

comment on function core.take_invitation(text) is 'Spends the token of an invitation and ends it';
grant execute on function core.take_invitation(text) to plinth_system;
