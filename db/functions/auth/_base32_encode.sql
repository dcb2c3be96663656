-- core.base32_encode: bytes in base32 (RFC 4648), upper case. p_pad: with the = at the end, which URIs leave out.
create or replace function core.base32_encode(p_bytes bytea, p_pad boolean default false)
returns text
language sql
immutable
strict
set search_path = pg_catalog, pg_temp
as $$
  -- The bits as text, filled up to whole groups of five; each group is the place of a letter.
  with bits as (
    select coalesce(string_agg(get_byte(p_bytes, n)::bit(8)::text, '' order by n), '') as bits
      from generate_series(0, length(p_bytes) - 1) n
  ),
  letters as (
    select coalesce(string_agg(
             substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', rpad(substr(b.bits, 1 + 5 * g, 5), 5, '0')::bit(5)::integer + 1, 1),
             '' order by g), '') as letters
      from bits b, generate_series(0, (length(b.bits) + 4) / 5 - 1) g
  )
  select case when p_pad then rpad(l.letters, (length(l.letters) + 7) / 8 * 8, '=') else l.letters end from letters l
$$;

comment on function core.base32_encode(bytea, boolean) is 'Bytes in base32 (RFC 4648)';
grant execute on function core.base32_encode(bytea, boolean) to plinth_system;
