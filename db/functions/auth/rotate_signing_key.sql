-- api.rotate_signing_key: a new key signs from now on. What the old one signed is good until it expires by itself:
-- api.get_signing_key tells the old one as long. Returns the new key's name.
--
-- Rules   Operators only. Services read the new key when they first meet its name (kid) in a token.
-- Errors  SV503 no keys
-- Locks   the key in force, so that of two rotations at once one waits for the other
-- Owned by plinth_system: keys are nobody's own.
create or replace function api.rotate_signing_key()
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old text;
begin
  update auth.signing_keys k
     set retired_at = clock_timestamp(),
         forget_at = clock_timestamp() + make_interval(secs => base.setting('jwt.longest_lifetime')::integer)
   where k.retired_at is null
  returning k.kid into v_old;
  delete from auth.signing_keys k where k.forget_at <= now();
  perform core.new_signing_key();
  perform ops.write_audit('signing_key.rotated', 'auth.signing_keys', v_old);
  return (select k.kid from auth.signing_keys k where k.retired_at is null);
end
$$;

comment on function api.rotate_signing_key() is 'A new key signs JWTs from now on; for operators';
grant execute on function api.rotate_signing_key() to plinth_operator;
alter function api.rotate_signing_key() owner to plinth_system;
select http.no_route('api.rotate_signing_key', 'operators only: plinth psql -c "select rotate_signing_key()"');
