-- core.from_base64: bytes from base64 without padding, with + or the dot that passlib writes for it; NULL where it is
-- none.
create or replace function core.from_base64(p_text text)
returns bytea
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case when p_text ~ '^[A-Za-z0-9+./]*$' and length(p_text) % 4 <> 1
              then decode(translate(p_text, '.', '+') || repeat('=', (4 - length(p_text) % 4) % 4), 'base64') end
$$;

comment on function core.from_base64(text) is 'Bytes from base64 without padding; NULL where it is none';
grant execute on function core.from_base64(text) to plinth_system;
