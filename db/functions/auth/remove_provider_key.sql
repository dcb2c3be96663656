-- api.remove_provider_key: forgets the caller's key of another service. What may still lie in backups is encrypted.
--
-- Errors  UN001 nobody is signed in; NF001 the user has no such key
-- Locks   the key's row
create or replace function api.remove_provider_key(p_user_id uuid, p_provider_key_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  delete from auth.provider_keys k where k.user_id = p_user_id and k.id = p_provider_key_id;
  if not found then
    perform base.raise('NF001', 'There is no such key', 'provider_key_id');
  end if;
end
$$;

comment on function api.remove_provider_key(uuid, uuid) is 'Forgets the caller''s key of another service';
grant execute on function api.remove_provider_key(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/provider-keys/{provider_key_id}', 'api.remove_provider_key', auth => 'session', status => 204);
