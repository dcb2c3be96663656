-- api.rotate_api_key: gives a key a new secret. The old one works for a while, so that programs can be told in peace.
--
-- Rules   Id, name, scopes and limits stay. The secret before last is worthless at once.
--         grace_minutes 0 voids the old secret with this commit, in every worker; by default, it is the setting
--         api_key.grace_minutes.
-- Permission keys:write
-- Errors  UN001 nobody is signed in; NF001 the user has no such live key; VL001 grace_minutes
-- Locks   the key's row
-- Touches sessions
create or replace function api.rotate_api_key(p_user_id uuid, p_key_id uuid, p_grace_minutes integer default null)
returns table (
  id                  uuid,
  name                text,
  prefix              text,
  secret              text,
  scopes              text[],
  limits              jsonb,
  created_at          timestamptz,
  expires_at          timestamptz,
  previous_expires_at timestamptz,
  version             integer
)
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
  p_grace_minutes := coalesce(p_grace_minutes, base.setting('api_key.grace_minutes')::integer);
  if p_grace_minutes not between 0 and 10080 then
    perform base.raise('VL001', 'grace_minutes must be from 0 to 10080, which is a week', 'grace_minutes');
  end if;

  secret := core.new_token('plk', p_user_id);
  update auth.api_keys k
     set secret_hash = sha256(convert_to(rotate_api_key.secret, 'UTF8')),
         prefix = left(rotate_api_key.secret, 12),
         previous_hash = case when p_grace_minutes > 0 then k.secret_hash end,
         previous_expires_at = case when p_grace_minutes > 0 then now() + make_interval(mins => p_grace_minutes) end
   where k.user_id = p_user_id and k.id = p_key_id and k.revoked_at is null and coalesce(k.expires_at, 'infinity') > now()
  returning k.* into v_key;
  if not found then
    perform base.raise('NF001', 'There is no such live key', 'key_id');
  end if;

  return query
    select v_key.id, v_key.name, v_key.prefix, rotate_api_key.secret, v_key.scopes, v_key.limits, v_key.created_at,
           v_key.expires_at, v_key.previous_expires_at, v_key.version;
end
$$;

comment on function api.rotate_api_key(uuid, uuid, integer) is
  'Gives an API key a new secret; the old one works for a while';
grant execute on function api.rotate_api_key(uuid, uuid, integer) to plinth_web, plinth_operator;
select http.expose('POST /v1/api-keys/{key_id}/rotate', 'api.rotate_api_key', auth => 'step_up', permission => 'keys:write',
                   result => 'one');
