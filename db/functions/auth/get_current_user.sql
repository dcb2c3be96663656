-- api.get_current_user: the account of the caller.
--
-- Errors  UN001 nobody is signed in
-- Cache   profile
create or replace function api.get_current_user(p_user_id uuid)
returns setof core.user_profiles
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  return query select p.* from core.user_profiles p where p.id = p_user_id;
end
$$;

comment on function api.get_current_user(uuid) is 'The account of the caller';
grant execute on function api.get_current_user(uuid) to plinth_web, plinth_operator;
select http.expose('GET /v1/me', 'api.get_current_user', cache => 300, tags => '{profile}');
