-- api.revoke_access: takes a right back. It is gone with the very next call of everybody who had it.
--
-- Rules   Who owns the thing or was given admin on it; also who has the right himself, or as owner or admin of the
--         team.
-- Permission teams:write
-- Errors  UN001 nobody is signed in; NF001 no such grant, or none that concerns the caller; NP001 the caller sees it,
--         but may not take it back
-- Locks   the grant's row
-- Touches sessions of everybody who had the right
create or replace function api.revoke_access(p_user_id uuid, p_grant_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  delete from auth.grants g where g.id = p_grant_id;
  if not found then
    if exists (select from auth.grants g where g.id = p_grant_id) then
      perform base.raise('NP001', 'Only its owner, or who was given admin on it, may do this');
    end if;
    perform base.raise('NF001', 'There is no such grant', 'grant_id');
  end if;
end
$$;

comment on function api.revoke_access(uuid, uuid) is 'Takes a right on a thing back';
grant execute on function api.revoke_access(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/grants/{grant_id}', 'api.revoke_access', permission => 'teams:write', status => 204);
