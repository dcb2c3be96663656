-- core.put_in_team: makes a user a member, whoever decided it. For functions of plinth_system.
--
-- Errors  VL001 role; KC001 in the team already; KC004 the team is full, or the user in too many teams
-- Locks   the team's row, so that two at once count each other
-- Touches sessions of the new member
create or replace function core.put_in_team(p_team_id uuid, p_member_id uuid, p_role text, p_added_by uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_role is null or p_role not in ('admin', 'member') then
    perform base.raise('VL001', 'role must be admin or member', 'role');
  end if;
  perform from auth.teams t where t.id = p_team_id for no key update;
  if exists (select from auth.team_members m where m.team_id = p_team_id and m.user_id = p_member_id) then
    perform base.raise('KC001', 'Already in the team');
  end if;
  if (select count(*) from auth.team_members m where m.team_id = p_team_id) >= base.setting('team.member_limit')::integer then
    perform base.raise('KC004', format('A team has at most %s members', base.setting('team.member_limit')));
  end if;
  perform core.check_team_count(p_member_id);

  insert into auth.team_members (team_id, user_id, role, added_by) values (p_team_id, p_member_id, p_role, p_added_by);
end
$$;

comment on function core.put_in_team(uuid, uuid, text, uuid) is 'Makes a user a member of a team';
grant execute on function core.put_in_team(uuid, uuid, text, uuid) to plinth_system;
