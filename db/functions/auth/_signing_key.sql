-- core.signing_key: the key in force for what others check, and its name. Made when there is none yet.
--
-- Errors  SV503 the connection brought no keys; SV510 the key it was encrypted with is not at hand
-- Locks   none, but for the first key of all
-- Owned by plinth_system: keys are nobody's own.
create or replace function core.signing_key(out kid text, out key bytea)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_encrypted bytea;
begin
  select k.kid, k.key_encrypted into kid, v_encrypted from auth.signing_keys k where k.retired_at is null;
  if not found then
    perform core.new_signing_key();
    -- Perhaps another's, made at the same moment.
    select k.kid, k.key_encrypted into strict kid, v_encrypted from auth.signing_keys k where k.retired_at is null;
  end if;
  key := decode(core.decrypt_secret(v_encrypted, 'signing_key:' || kid), 'hex');
end
$$;

comment on function core.signing_key() is 'The key in force for what others check, and its name';
alter function core.signing_key() owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.signing_key() to plinth_owner;
set local role plinth_owner;
