-- core.base32_decode: the bytes of a text in base32 (RFC 4648), in either case, with or without = at the end.
--
-- Errors  22023 a letter that base32 has not, or a length that no bytes have
create or replace function core.base32_decode(p_text text)
returns bytea
language plpgsql
immutable
strict
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text  text := upper(rtrim(p_text, '='));
  v_bits  text;
  v_bytes bytea;
begin
  if v_text !~ '^[A-Z2-7]*$' or length(v_text) % 8 in (1, 3, 6) then
    raise exception 'This is not base32' using errcode = '22023';
  end if;

  select coalesce(string_agg((strpos('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', l) - 1)::bit(5)::text, '' order by n), '') into v_bits
    from string_to_table(v_text, null) with ordinality as t (l, n);
  select coalesce(string_agg(set_byte('\x00', 0, substr(v_bits, 1 + 8 * n, 8)::bit(8)::integer), '' order by n), '') into v_bytes
    from generate_series(0, length(v_bits) / 8 - 1) n;
  return v_bytes;
end
$$;

comment on function core.base32_decode(text) is 'The bytes of a text in base32 (RFC 4648)';
grant execute on function core.base32_decode(text) to plinth_system;
