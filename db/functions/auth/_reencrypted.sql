-- core.reencrypted: what was encrypted with any key at hand, encrypted with the one in force; NULL for what cannot be
-- read, because it was altered or its key is not at hand.
--
-- Errors  SV503 the connection brought no keys; 22023 no purpose
create or replace function core.reencrypted(p_cipher bytea, p_purpose text)
returns bytea
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return core.encrypt_secret(core.decrypt_secret(p_cipher, p_purpose), p_purpose);
exception when sqlstate 'SV510' then
  return null;
end
$$;

comment on function core.reencrypted(bytea, text) is 'A secret under the key in force; NULL where it cannot be read';
grant execute on function core.reencrypted(bytea, text) to plinth_system;
