-- api.invite_to_team: invites an address to a team, by mail.
--
-- Rules   Owners and admins. The invitation is for the account with that address, for 7 days, once. Inviting the same
--         address again replaces the earlier invitation. The answer never tells whether there is such an account.
--         At most 100 invitations of a team wait.
-- Permission teams:write
-- Errors  UN001 nobody is signed in; NF001 no such team, or the caller is not in it; NP001 neither owner nor admin;
--         VL001 email, role; KC004 too many wait; SV503 the connection brought no keys for the link
-- Locks   the team's row
create or replace function api.invite_to_team(
  p_user_id uuid,
  p_team_id uuid,
  p_email text,
  p_role text default 'member'
)
returns setof core.invitation_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid := base.new_id();
begin
  p_user_id := core.act_for(p_user_id);
  perform core.require_team(p_user_id, p_team_id, 'admin');
  p_email := lower(btrim(p_email));
  if p_email is null or length(p_email) > 254 or p_email !~ '^[^@]+@[^@]+$' or p_email ~ '[[:space:][:cntrl:]<>(),;:\\"\[\]]' then
    perform base.raise('VL001', 'email must be an address such as name@example.org, of at most 254 characters', 'email');
  end if;
  if p_role is null or p_role not in ('admin', 'member') then
    perform base.raise('VL001', 'role must be admin or member', 'role');
  end if;

  perform from auth.teams t where t.id = p_team_id for no key update;
  if exists (select from auth.team_invitations i
              where i.team_id = p_team_id and i.email = p_email and i.id > base.first_id(now() - interval '5 minutes'))
     or (select count(*) from ops.outbox o
          where o.user_id = p_user_id and o.kind = 'team_invitation' and o.created_at > now() - interval '1 hour') >= 100
  then
    perform base.raise('KC004', 'An address is invited once in five minutes, and nobody invites more than 100 an hour', 'email');
  end if;
  delete from auth.team_invitations i where i.team_id = p_team_id and (i.email = p_email or i.expires_at <= now());
  if (select count(*) from auth.team_invitations i where i.team_id = p_team_id) >= 100 then
    perform base.raise('KC004', 'The team has 100 invitations waiting already');
  end if;
  insert into auth.team_invitations (team_id, id, email, role, invited_by, expires_at)
  values (p_team_id, v_id, p_email, p_role, p_user_id, now() + interval '7 days');
  perform core.send_mail(p_user_id, 'team_invitation',
                         jsonb_build_object('team_id', p_team_id, 'invitation_id', v_id), p_email);

  return query select i.* from core.invitation_details i where i.team_id = p_team_id and i.id = v_id;
end
$$;

comment on function api.invite_to_team(uuid, uuid, text, text) is 'Invites an address to a team, by mail';
grant execute on function api.invite_to_team(uuid, uuid, text, text) to plinth_web, plinth_operator;
select http.expose('POST /v1/teams/{team_id}/invitations', 'api.invite_to_team',
                   permission => 'teams:write', status => 201);
