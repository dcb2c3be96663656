-- http.json_schema: how a value of a PostgreSQL type looks as JSON.
create or replace function http.json_schema(p_type text)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_type like '%[]' then jsonb_build_object('type', 'array', 'items', http.json_schema(left(p_type, -2)))
    when p_type in ('smallint', 'integer') then '{"type": "integer", "format": "int32"}'
    when p_type = 'bigint' then '{"type": "integer", "format": "int64"}'
    when p_type like 'numeric%' or p_type in ('real', 'double precision') then '{"type": "number"}'
    when p_type = 'boolean' then '{"type": "boolean"}'
    when p_type = 'uuid' then '{"type": "string", "format": "uuid"}'
    when p_type like 'timestamp%' then '{"type": "string", "format": "date-time"}'
    when p_type = 'date' then '{"type": "string", "format": "date"}'
    when p_type in ('json', 'jsonb') then '{}'
    when p_type = 'bytea' then '{"type": "string", "pattern": "^\\\\x[0-9a-f]*$"}'
    when p_type ~ '(^|\.)(half)?vec(tor)?\M' then '{"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 16000}'
    else '{"type": "string"}'
  end::jsonb
$$;

comment on function http.json_schema(text) is 'JSON Schema of a PostgreSQL type';
