-- core.refuse_member: why a membership did not change: it is an owner's, or there is none.
--
-- Errors  KC003 an owner; NF001 nobody of that id is in the team
create or replace function core.refuse_member(p_team_id uuid, p_member_id uuid)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from auth.team_members m where m.team_id = p_team_id and m.user_id = p_member_id) then
    perform base.raise('KC003', 'An owner stays: transfer the team first', 'member_id');
  end if;
  perform base.raise('NF001', 'Nobody of that id is in the team', 'member_id');
end
$$;

comment on function core.refuse_member(uuid, uuid) is 'Tells why a membership did not change';
