-- api.list_api_keys: the caller's API keys that were not revoked, newest first; never their secrets.
--
-- Errors  UN001 nobody is signed in; VL001 after is not a place in this list
create or replace function api.list_api_keys(p_user_id uuid, p_after text default null, p_limit integer default 50)
returns table (
  id                  uuid,
  name                text,
  prefix              text,
  scopes              text[],
  limits              jsonb,
  created_at          timestamptz,
  last_used_at        timestamptz,
  expires_at          timestamptz,
  previous_expires_at timestamptz,
  version             integer,
  cursor              text
)
language plpgsql
stable
security definer
rows 20
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);

  if p_after !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;

  return query
    select k.id, k.name, k.prefix, k.scopes, k.limits, k.created_at, k.last_used_at, k.expires_at,
           k.previous_expires_at, k.version, k.id::text
      from auth.api_keys k
     where k.user_id = p_user_id and k.revoked_at is null and (p_after is null or k.id < p_after::uuid)
     order by k.id desc
     limit p_limit;
end
$$;

comment on function api.list_api_keys(uuid, text, integer) is
  'The caller''s API keys, newest first; never their secrets';
grant execute on function api.list_api_keys(uuid, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/api-keys', 'api.list_api_keys', replica => false);
