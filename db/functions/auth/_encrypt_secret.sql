-- core.encrypt_secret: a secret as it may lie in a table, a dump or a backup.
--
-- Rules   One byte of format (1), four that name the key, 16 random bytes, AES-256-CBC, and HMAC-SHA-256 over it all.
--         Both keys are derived for the purpose, so that what was written for one is noise to another.
--         The purpose names the row, too ("provider_key:<user id>:<id>"), so that nothing can be moved to another row.
--         No secret is NULL, an empty one is one.
-- Errors  SV503 the connection brought no keys; 22023 no purpose
create or replace function core.encrypt_secret(p_plain text, p_purpose text)
returns bytea
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key   bytea := core.secret_key('encrypt', p_purpose);
  v_start bytea := ext.gen_random_bytes(16);
  v_body  bytea;
begin
  v_body := decode('01' || left(current_setting('plinth.secret_keys'), 8), 'hex') || v_start
         || ext.encrypt_iv(convert_to(p_plain, 'UTF8'), v_key, v_start, 'aes-cbc/pad:pkcs');
  return v_body || ext.hmac(v_body, core.secret_key('authenticate', p_purpose), 'sha256');
end
$$;

comment on function core.encrypt_secret(text, text) is
  'A secret, encrypted and bound to its purpose; core.decrypt_secret reads it';
grant execute on function core.encrypt_secret(text, text) to plinth_system;
