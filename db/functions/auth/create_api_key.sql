-- api.create_api_key: makes a key for a program. It is in this answer and nowhere else; the table keeps its SHA-256.
--
-- Rules   It does what its scopes name, as far as the roles of its owner allow it at each call.
--         A user has at most api_key.limit live keys. An API key makes no keys: one that leaked could outlive itself.
--         Calls by the key count against its limits, and against those of its owner.
-- Permission keys:write
-- Errors  UN001 nobody is signed in; VL001 name, scopes, limits or expires_at break a rule; VL003 name or scopes are
--         missing; KC008 there are as many keys as there may be; NF001 the account is not active
-- Locks   the account's row, so that two at once count each other's key, and none is made while an account is suspended
create or replace function api.create_api_key(
  p_user_id    uuid,
  p_name       text,
  p_scopes     text[],
  p_expires_at timestamptz default null,
  p_limits     jsonb default '{}'
)
returns table (
  id         uuid,
  name       text,
  prefix     text,
  secret     text,
  scopes     text[],
  limits     jsonb,
  created_at timestamptz,
  expires_at timestamptz,
  version    integer
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

  if p_name is null or p_scopes is null then
    perform base.raise('VL003', 'A key needs a name and scopes', case when p_name is null then 'name' else 'scopes' end);
  end if;
  if not isfinite(p_expires_at) or p_expires_at <= now() then
    perform base.raise('VL001', 'expires_at must be in the future', 'expires_at');
  end if;

  perform from auth.users u where u.id = p_user_id and u.status = 'active' for no key update;
  if not found then
    perform base.raise('NF001', 'There is no such active account', 'user_id');
  end if;
  perform core.check_api_key(p_user_id, p_name, p_scopes, coalesce(p_limits, '{}'));
  if (select count(*) from auth.api_keys k
       where k.user_id = p_user_id and k.revoked_at is null and coalesce(k.expires_at, 'infinity') > now())
     >= base.setting('api_key.limit')::integer
  then
    perform base.raise('KC008', format('There are %s keys already; revoke one', base.setting('api_key.limit')));
  end if;

  secret := core.new_token('plk', p_user_id);
  insert into auth.api_keys (user_id, name, prefix, secret_hash, scopes, limits, expires_at)
  values (p_user_id, p_name, left(secret, 12), sha256(convert_to(secret, 'UTF8')),
          array(select distinct s.name from unnest(p_scopes) as s (name) order by s.name), coalesce(p_limits, '{}'),
          p_expires_at)
  returning * into v_key;

  return query
    select v_key.id, v_key.name, v_key.prefix, create_api_key.secret, v_key.scopes, v_key.limits, v_key.created_at,
           v_key.expires_at, v_key.version;
end
$$;

comment on function api.create_api_key(uuid, text, text[], timestamptz, jsonb) is
  'Makes an API key; the answer shows it, and nothing does later';
grant execute on function api.create_api_key(uuid, text, text[], timestamptz, jsonb) to plinth_web, plinth_operator;
select http.expose('POST /v1/api-keys', 'api.create_api_key', auth => 'step_up', permission => 'keys:write', status => 201,
                   result => 'one');
