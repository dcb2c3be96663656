-- core.check_team_count: refuses to put a user into one more team than team.user_limit. Row policies compare with the
-- teams a user is in, so their number is bounded; two at once may pass it by one.
--
-- Errors  KC004 in too many teams already
create or replace function core.check_team_count(p_user_id uuid)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if (select count(*) from auth.team_members m where m.user_id = p_user_id) >= base.setting('team.user_limit')::integer then
    perform base.raise('KC004', format('Nobody is in more than %s teams', base.setting('team.user_limit')));
  end if;
end
$$;

comment on function core.check_team_count(uuid) is 'Refuses to put a user into too many teams';
grant execute on function core.check_team_count(uuid) to plinth_system;
