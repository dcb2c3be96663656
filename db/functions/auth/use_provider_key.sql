-- api.use_provider_key: the caller's key of another service, to call that service with. No other function reads one.
--
-- Rules   A request for its own caller only, by the layer's login: no operator reads users' keys, whoever he says he
--         is. An API key needs the scope provider_keys:use. Every use is on record, by name and without the value.
-- Permission provider_keys:use
-- Errors  UN001 nobody is signed in; NP001 an operator asks; NF001 the user has no such key; SV503 the connection
--         brought no keys; SV510 the row was altered, or the key it was written with is not at hand
-- Locks   the key's row
create or replace function api.use_provider_key(p_user_id uuid, p_provider_key_id uuid)
returns table (id uuid, provider text, name text, secret text)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key auth.provider_keys;
begin
  p_user_id := core.act_for(p_user_id);
  if core.in_request() is not true then
    perform base.raise('NP001', 'A key of another service is read by its owner''s requests only');
  end if;

  update auth.provider_keys k set last_used_at = now()
   where k.user_id = p_user_id and k.id = p_provider_key_id
  returning k.* into v_key;
  if not found then
    perform base.raise('NF001', 'There is no such key', 'provider_key_id');
  end if;

  perform ops.write_audit('provider_key.used', 'auth.provider_keys', v_key.id::text, p_user_id);
  return query
    select v_key.id, v_key.provider, v_key.name,
           core.decrypt_secret(v_key.secret_encrypted, concat('provider_key:', p_user_id, ':', v_key.id));
end
$$;

comment on function api.use_provider_key(uuid, uuid) is
  'The caller''s key of another service, to call it with; every use is on record';
grant execute on function api.use_provider_key(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('POST /v1/provider-keys/{provider_key_id}/use', 'api.use_provider_key', permission => 'provider_keys:use',
                   result => 'one', once => 'never');
