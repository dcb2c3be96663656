-- api.get_signing_key: the key, in base64url, by which a service checks the JWTs that name it (kid); NULL is the key in
-- force. Whoever has it can sign as well: it belongs into the service's own secrets.
--
-- Rules   Operators only. A retired key is told until the last token it signed has expired.
-- Errors  NF001 there is no such key, or it was retired too long ago; SV503 no keys
-- Owned by plinth_system: keys are nobody's own.
create or replace function api.get_signing_key(p_kid text default null)
returns table (kid text, key text, retired_at timestamptz)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key auth.signing_keys;
begin
  if p_kid is null then
    select k.kid into p_kid from core.signing_key() k;
  end if;
  select k.* into v_key from auth.signing_keys k
   where k.kid = p_kid and coalesce(k.forget_at, 'infinity') > clock_timestamp();
  if not found then
    perform base.raise('NF001', format('There is no signing key %s', p_kid), 'kid');
  end if;

  perform ops.write_audit('signing_key.told', 'auth.signing_keys', v_key.kid);
  kid := v_key.kid;
  key := core.base64url(decode(core.decrypt_secret(v_key.key_encrypted, 'signing_key:' || v_key.kid), 'hex'));
  retired_at := v_key.retired_at;
  return next;
end
$$;

comment on function api.get_signing_key(text) is 'The key by which a service checks JWTs; for operators';
grant execute on function api.get_signing_key(text) to plinth_operator;
alter function api.get_signing_key(text) owner to plinth_system;
select http.no_route('api.get_signing_key', 'operators only: plinth psql -c "select * from get_signing_key()"');
