-- api.get_user: one account, as an administrator sees it.
--
-- Rules   An erased account is still there by its id, without anything personal. No row: there is no such account.
-- Permission users:read
-- Errors  UN001 nobody is signed in; NP001 permission missing
-- Owned by plinth_system: it reads any account.
create or replace function api.get_user(p_id uuid)
returns setof core.user_accounts
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('users:read');
  return query select a.* from core.user_accounts a where a.id = p_id;
end
$$;

comment on function api.get_user(uuid) is 'One account, as an administrator sees it';
grant execute on function api.get_user(uuid) to plinth_web, plinth_operator;
alter function api.get_user(uuid) owner to plinth_system;
select http.expose('GET /v1/users/{id}', 'api.get_user', permission => 'users:read');
