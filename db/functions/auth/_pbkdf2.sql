-- core.pbkdf2: PBKDF2 (RFC 8018) with HMAC over sha1, sha256 or sha512: for password hashes that were made elsewhere.
--
-- Rules   At most 3,000,000 rounds: about 1.6 seconds per million, on a connection that hashes and does nothing else.
-- Errors  22023 no rounds, or too many; no length, or more than 128 bytes
create or replace function core.pbkdf2(p_digest text, p_password bytea, p_salt bytea, p_rounds integer, p_length integer)
returns bytea
language plpgsql
immutable
strict
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key   bytea := ''::bytea;
  v_round bytea;
  v_bits  varbit;
begin
  if p_rounds not between 1 and 3000000 or p_length not between 1 and 128 then
    raise exception 'pbkdf2 takes 1 to 3,000,000 rounds and makes 1 to 128 bytes' using errcode = '22023';
  end if;

  for v_block in 1 .. 7 loop
    v_round := ext.hmac(p_salt || int4send(v_block), p_password, p_digest);
    v_bits := ('x' || encode(v_round, 'hex'))::varbit;
    -- Only bits know exclusive or; by way of the digits it costs a sixth of the round.
    for n in 2 .. p_rounds loop
      v_round := ext.hmac(v_round, p_password, p_digest);
      v_bits := v_bits # ('x' || encode(v_round, 'hex'))::varbit;
    end loop;
    v_key := v_key || (
      select decode(string_agg(lpad(to_hex(substring(v_bits from n for 8)::bit(8)::integer), 2, '0'), '' order by n), 'hex')
        from generate_series(1, length(v_bits), 8) n);
    exit when length(v_key) >= p_length;
  end loop;
  return substr(v_key, 1, p_length);
end
$$;

comment on function core.pbkdf2(text, bytea, bytea, integer, integer) is
  'PBKDF2 with HMAC, for password hashes that were made elsewhere';
grant execute on function core.pbkdf2(text, bytea, bytea, integer, integer) to plinth_system;
