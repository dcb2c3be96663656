-- core.decrypt_secret: what core.encrypt_secret was given. Who may call it stands in db/tests/surface/test_secrets.sql.
--
-- Rules   Nothing is decrypted before its HMAC was found right: what was altered, cut off or written for another
--         purpose is an error and never garbage. A key that was replaced still reads what it wrote.
-- Errors  SV503 the connection brought no keys; SV510 altered, of another purpose, or its key is not at hand;
--         22023 no purpose
create or replace function core.decrypt_secret(p_cipher bytea, p_purpose text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_size  integer := length(p_cipher) - 32;
  v_key   text;
  v_found bytea;
begin
  if p_cipher is null then
    return null;
  end if;
  -- 1 + 4 + 16 bytes before the text, which takes whole blocks of 16.
  if v_size < 37 or v_size % 16 <> 5 or get_byte(p_cipher, 0) <> 1 then
    perform base.raise('SV510', 'This is no secret in a known format');
  end if;

  v_key := encode(substr(p_cipher, 2, 4), 'hex');
  v_found := ext.hmac(substr(p_cipher, 1, v_size), core.secret_key('authenticate', p_purpose, v_key), 'sha256');
  -- Digests are compared, so the time of the comparison says nothing about the right one.
  if sha256(v_found) <> sha256(substr(p_cipher, v_size + 1)) then
    perform base.raise('SV510', 'This secret was altered, or written for another purpose');
  end if;
  return convert_from(ext.decrypt_iv(substr(p_cipher, 22, v_size - 21), core.secret_key('encrypt', p_purpose, v_key),
                                     substr(p_cipher, 6, 16), 'aes-cbc/pad:pkcs'), 'UTF8');
end
$$;

comment on function core.decrypt_secret(bytea, text) is 'The secret that was encrypted for this purpose, or an error';
grant execute on function core.decrypt_secret(bytea, text) to plinth_system;
