-- api.update_api_key: renames a key, takes scopes from it, sets its limits.
--
-- Rules   What is not named stays. Scopes only ever become fewer: what was handed out once never grows. From '*' they
--         may become any the user has.
--         With p_version the change is made only while that is the current version (optimistic).
--         Calls by the key count against its limits, and against those of its owner.
-- Permission keys:write
-- Errors  UN001 nobody is signed in; NF001 the user has no such live key; VL001 a field breaks a rule; KC002 the
--         version is not the current one
-- Locks   the key's row
-- Touches sessions
create or replace function api.update_api_key(
  p_user_id uuid,
  p_key_id  uuid,
  p_name    text default null,
  p_scopes  text[] default null,
  p_limits  jsonb default null,
  p_version integer default null
)
returns setof core.api_key_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key auth.api_keys;
begin
  p_user_id := core.act_for(p_user_id);

  select k.* into v_key from auth.api_keys k
   where k.user_id = p_user_id and k.id = p_key_id and k.revoked_at is null and coalesce(k.expires_at, 'infinity') > now()
     for no key update;
  if not found then
    perform base.raise('NF001', 'There is no such live key', 'key_id');
  end if;
  if p_version <> v_key.version then
    perform base.raise('KC002', format('The version is %s by now, not %s', v_key.version, p_version), 'version');
  end if;
  if not p_scopes <@ v_key.scopes and not v_key.scopes @> array['*'] then
    perform base.raise('VL001', 'scopes can only become fewer; make another key', 'scopes');
  end if;
  perform core.check_api_key(p_user_id, p_name, p_scopes, p_limits);

  update auth.api_keys k
     set name = coalesce(p_name, k.name),
         scopes = case when p_scopes is null then k.scopes
                       else array(select distinct s.name from unnest(p_scopes) as s (name) order by s.name) end,
         limits = coalesce(p_limits, k.limits)
   where k.user_id = p_user_id and k.id = p_key_id;

  return query select d.* from core.api_key_details d where d.id = p_key_id;
end
$$;

comment on function api.update_api_key(uuid, uuid, text, text[], jsonb, integer) is
  'Changes name or limits of an API key, or takes scopes from it';
grant execute on function api.update_api_key(uuid, uuid, text, text[], jsonb, integer) to plinth_web, plinth_operator;
select http.expose('PATCH /v1/api-keys/{key_id}', 'api.update_api_key', auth => 'session', permission => 'keys:write');
