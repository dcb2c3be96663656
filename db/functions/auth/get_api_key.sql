-- api.get_api_key: one API key of the caller, also one that was revoked; never its secret.
--
-- Errors  UN001 nobody is signed in; no row where the user has no such key
create or replace function api.get_api_key(p_user_id uuid, p_key_id uuid)
returns setof core.api_key_details
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  return query
    select d.* from core.api_key_details d join auth.api_keys k on k.id = d.id where k.user_id = p_user_id and k.id = p_key_id;
end
$$;

comment on function api.get_api_key(uuid, uuid) is 'One API key of the caller; never its secret';
grant execute on function api.get_api_key(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('GET /v1/api-keys/{key_id}', 'api.get_api_key', replica => false);
