-- api.revoke_api_key: voids a key, and the one it had before it was rotated, from this commit on, in every worker.
--
-- Rules   Whoever has lost the right to make keys may still revoke them. Revoking what is revoked is no error.
-- Errors  UN001 nobody is signed in; NF001 the user has no such key
-- Locks   the key's row
-- Touches sessions
create or replace function api.revoke_api_key(p_user_id uuid, p_key_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);

  update auth.api_keys k
     set revoked_at = clock_timestamp(), revoke_reason = 'by its owner', previous_hash = null, previous_expires_at = null
   where k.user_id = p_user_id and k.id = p_key_id and k.revoked_at is null;
  if not found then
    perform from auth.api_keys k where k.user_id = p_user_id and k.id = p_key_id;
    if not found then
      perform base.raise('NF001', 'There is no such key', 'key_id');
    end if;
  end if;
end
$$;

comment on function api.revoke_api_key(uuid, uuid) is 'Voids an API key at once and everywhere';
grant execute on function api.revoke_api_key(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/api-keys/{key_id}', 'api.revoke_api_key', auth => 'session', status => 204);
