-- core.require_team: refuses whoever is not in a team, or not as enough.
--
-- Rules   To who is not in it a team looks like one that is not there.
-- Errors  NF001 no such team, or the user is not in it; NP001 the user's role in it is not enough
create or replace function core.require_team(p_user_id uuid, p_team_id uuid, p_role text default 'member')
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_role text;
begin
  select m.role into v_role from auth.team_members m where m.team_id = p_team_id and m.user_id = p_user_id;
  if not found then
    perform base.raise('NF001', 'There is no such team', 'team_id');
  end if;
  if v_role <> all (case p_role when 'owner' then '{owner}'::text[] when 'admin' then '{owner,admin}'
                                else '{owner,admin,member}' end) then
    perform base.raise('NP001', format('Only an %s of the team may do this', case p_role when 'owner' then 'owner'
                                       else 'owner or admin' end));
  end if;
end
$$;

comment on function core.require_team(uuid, uuid, text) is 'Refuses whoever is not in a team, or not as enough';
grant execute on function core.require_team(uuid, uuid, text) to plinth_system;
