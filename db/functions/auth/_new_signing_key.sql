-- core.new_signing_key: a new key of 256 random bits, unless there is one in force.
--
-- Locks   none but the key it inserts: two at once make one
-- Owned by plinth_system: keys are nobody's own.
create or replace function core.new_signing_key()
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kid text := encode(ext.gen_random_bytes(8), 'hex');
begin
  insert into auth.signing_keys (kid, key_encrypted)
  values (v_kid, core.encrypt_secret(encode(ext.gen_random_bytes(32), 'hex'), 'signing_key:' || v_kid))
  on conflict do nothing;
end
$$;

comment on function core.new_signing_key() is 'A new signing key, unless there is one in force';
alter function core.new_signing_key() owner to plinth_system;
