-- core.json_reference: the part of a JSON Schema that a $ref names; NULL: there is none.
--
-- Rules   # is the schema itself, #/$defs/<name> and #/definitions/<name> are its definitions. There are no others:
--         nothing is fetched from anywhere.
create or replace function core.json_reference(p_root jsonb, p_reference text)
returns jsonb
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_reference = '#' then p_root
    when p_reference ~ '^#/(\$defs|definitions)/[^/]+$' then
      p_root -> split_part(p_reference, '/', 2) -> replace(replace(split_part(p_reference, '/', 3), '~1', '/'), '~0', '~')
  end
$$;

comment on function core.json_reference(jsonb, text) is 'The part of a JSON Schema that a $ref names';
