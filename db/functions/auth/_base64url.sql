-- core.base64url: bytes in base64 for URLs (RFC 4648, section 5), in one line and without padding.
create or replace function core.base64url(p_bytes bytea)
returns text
language sql
immutable
strict
set search_path = pg_catalog, pg_temp
as $$
  select translate(encode(p_bytes, 'base64'), E'+/=\n', '-_')
$$;

comment on function core.base64url(bytea) is 'Bytes in base64 for URLs';
grant execute on function core.base64url(bytea) to plinth_system;
