-- api.grant_access: gives a user or a team a right on a thing, or changes the one they have.
--
-- Rules   Who owns the thing, or was given admin on it. read; write includes it; admin includes both, and may delete
--         and grant. A team is one the caller is in. The right counts on the very next call of everybody who gets it.
--         One thing has at most grant.resource_limit grants, a user or a team gets at most grant.subject_limit; two
--         at once may pass that by one.
-- Permission teams:write
-- Errors  UN001 nobody is signed in; NF001 no such thing, user or team; NP001 neither owner nor admin of the thing;
--         VL001 resource_type, right, username; VL003 not exactly one of username and team_id; KC004 too many grants
-- Locks   none but the key it inserts
-- Touches sessions of everybody who gets the right
create or replace function api.grant_access(
  p_user_id uuid,
  p_resource_type text,
  p_resource_id uuid,
  p_right text,
  p_username text default null,
  p_team_id uuid default null
)
returns setof core.grant_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_owner   uuid;
  v_subject uuid;
begin
  p_user_id := core.act_for(p_user_id);
  v_owner := core.resource_owner(p_resource_type, p_resource_id);
  if v_owner <> p_user_id and p_resource_id <> all (auth.granted_ids(p_resource_type, 'admin')) then
    perform base.raise('NP001', 'Only its owner, or who was given admin on it, may do this');
  end if;
  if p_right is null or p_right not in ('read', 'write', 'admin') then
    perform base.raise('VL001', 'right must be read, write or admin', 'right');
  end if;
  if num_nonnulls(p_username, p_team_id) <> 1 then
    perform base.raise('VL003', 'Name a username or a team_id', 'username');
  end if;

  if p_team_id is null then
    v_subject := core.user_by_name(p_username);
    if v_subject = v_owner then
      perform base.raise('VL001', 'The owner has every right already', 'username');
    end if;
  else
    perform core.require_team(p_user_id, p_team_id);
  end if;
  perform core.check_grant_count(p_resource_id, v_subject, p_team_id);

  return query
    with given as (
      insert into auth.grants
        (user_id, resource_type, resource_id, subject_user_id, subject_team_id, permitted, granted_by)
      values (v_owner, p_resource_type, p_resource_id, v_subject, p_team_id, p_right, p_user_id)
      on conflict on constraint grants_subject_key
        do update set permitted = excluded.permitted, granted_by = excluded.granted_by
      returning *
    )
    select g.id, g.resource_type, g.resource_id, g.user_id, g.subject_user_id, g.subject_team_id, g.permitted,
           g.granted_by, g.created_at, g.updated_at
      from given g;
end
$$;

comment on function api.grant_access(uuid, text, uuid, text, text, uuid) is
  'Gives a user or a team a right on a thing, or changes it';
grant execute on function api.grant_access(uuid, text, uuid, text, text, uuid) to plinth_web, plinth_operator;
select http.expose('POST /v1/grants', 'api.grant_access', permission => 'teams:write', status => 201);
