-- core.check_grant_count: bounds how many grants one thing has, and one user or team gets: row policies compare with
-- them. A right that is only changed is counted as well.
--
-- Errors  KC004 too many grants
-- Owned by plinth_system: it counts what others gave.
create or replace function core.check_grant_count(
  p_resource_id uuid,
  p_subject_user_id uuid,
  p_subject_team_id uuid
)
returns void
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit integer := base.setting('grant.subject_limit')::integer;
begin
  if (select count(*) from auth.grants g where g.resource_id = p_resource_id)
     > base.setting('grant.resource_limit')::integer - 1
  then
    perform base.raise('KC004', format('One thing has at most %s grants', base.setting('grant.resource_limit')));
  end if;
  if (select count(*) from auth.grants g where g.subject_user_id = p_subject_user_id) >= v_limit
     or (select count(*) from auth.grants g where g.subject_team_id = p_subject_team_id) >= v_limit
  then
    perform base.raise('KC004', format('A user or a team gets at most %s grants', v_limit));
  end if;
end
$$;

comment on function core.check_grant_count(uuid, uuid, uuid) is
  'Bounds how many grants a thing has, and a user or team gets';
alter function core.check_grant_count(uuid, uuid, uuid) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.check_grant_count(uuid, uuid, uuid) to plinth_owner;
set local role plinth_owner;
