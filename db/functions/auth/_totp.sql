-- core.totp: the code of one step (RFC 6238; the step is the seconds since 1970 divided by 30).
create or replace function core.totp(
  p_secret    bytea,
  p_step      bigint,
  p_digits    integer default 6,
  p_algorithm text default 'sha1'
)
returns text
language plpgsql
immutable
strict
set search_path = pg_catalog, pg_temp
as $$
declare
  v_digest bytea := ext.hmac(int8send(p_step), p_secret, p_algorithm);
  v_offset integer := get_byte(v_digest, length(v_digest) - 1) & 15;
  v_number bigint;
begin
  -- Four bytes from there, without the sign.
  v_number := ((get_byte(v_digest, v_offset) & 127) << 24) | (get_byte(v_digest, v_offset + 1) << 16)
            | (get_byte(v_digest, v_offset + 2) << 8) | get_byte(v_digest, v_offset + 3);
  return lpad((v_number % (10 ^ p_digits)::bigint)::text, p_digits, '0');
end
$$;

comment on function core.totp(bytea, bigint, integer, text) is 'The code of one step (RFC 6238)';
grant execute on function core.totp(bytea, bigint, integer, text) to plinth_system;
