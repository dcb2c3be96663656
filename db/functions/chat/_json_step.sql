-- core.json_step: one step further down in a JSON pointer (RFC 6901).
create or replace function core.json_step(p_at text, p_name text)
returns text
language sql
immutable
parallel safe
as $$
  select p_at || '/' || pg_catalog.replace(pg_catalog.replace(pg_catalog.left(p_name, 100), '~', '~0'), '/', '~1')
$$;

comment on function core.json_step(text, text) is 'One step further down in a JSON pointer';
