-- core.new_recovery_codes: ten new codes in place of those there were. They are in this answer and nowhere else.
--
-- Rules   128 random bits each, in base32: 26 letters and digits, in groups for the eye.
-- Locks   the user's recovery codes
create or replace function core.new_recovery_codes(p_user_id uuid)
returns text[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_codes text[] := array(select core.base32_encode(ext.gen_random_bytes(16)) from generate_series(1, 10));
begin
  delete from auth.recovery_codes r where r.user_id = p_user_id;
  insert into auth.recovery_codes (user_id, code_hash)
  select p_user_id, sha256(convert_to(c, 'UTF8')) from unnest(v_codes) c;
  return array(select lower(concat_ws('-', substr(c, 1, 5), substr(c, 6, 5), substr(c, 11, 5), substr(c, 16, 5), substr(c, 21)))
                 from unnest(v_codes) c);
end
$$;

comment on function core.new_recovery_codes(uuid) is 'Ten new recovery codes in place of those there were';
