-- http.nullable: the same schema, or null: a column may be.
create or replace function http.nullable(p_schema jsonb)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_schema
         || case when p_schema ? 'type'
                 then jsonb_build_object('type', jsonb_build_array(p_schema -> 'type', 'null')) else '{}' end
         || case when p_schema ? 'enum' then jsonb_build_object('enum', p_schema -> 'enum' || 'null') else '{}' end
$$;

comment on function http.nullable(jsonb) is 'The same JSON Schema, or null';
