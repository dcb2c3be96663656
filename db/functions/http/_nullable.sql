-- http.nullable: the same schema, or null: a column may be.
create or replace function http.nullable(p_schema jsonb)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case when p_schema ? 'type'
              then p_schema || jsonb_build_object('type', jsonb_build_array(p_schema -> 'type', 'null'))
              else p_schema end
$$;

comment on function http.nullable(jsonb) is 'The same JSON Schema, or null';
