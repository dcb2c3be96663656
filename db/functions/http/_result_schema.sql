-- http.result_schema: JSON Schema of what a function answers with, in the envelope of its kind. Every column is there,
-- and any may be null. A single one of a stream is the line.
create or replace function http.result_schema(p_function oid, p_result text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with field as (
    select c.name, http.nullable(http.json_schema(c.type))
                   || case when c.comment is null then '{}' else jsonb_build_object('description', c.comment) end as schema
      from http.result_columns(p_function) c
     where c.name <> 'cursor'
  ),
  object as (
    select jsonb_build_object('type', 'object', 'required', coalesce(jsonb_agg(f.name), '[]'),
                              'properties', coalesce(jsonb_object_agg(f.name, f.schema), '{}')) as schema,
           case when count(*) = 1 then jsonb_agg(f.schema) -> 0 end as single
      from field f
  )
  select case p_result
           when 'one' then o.schema
           when 'list' then jsonb_build_object('type', 'object', 'required', '["items", "next"]'::jsonb,
             'properties', jsonb_build_object(
               'items', jsonb_build_object('type', 'array', 'items', o.schema),
               'next', '{"type": ["string", "null"], "description": "Send it as after to get the next page"}'::jsonb))
           when 'qr' then '{"type": "string"}'::jsonb
           when 'stream' then jsonb_build_object('type', 'string', 'description', 'JSON texts, one a line',
             'contentMediaType', 'application/x-ndjson', 'contentSchema', coalesce(o.single, o.schema))
           when 'value' then jsonb_build_object('type', 'object', 'required', '["value"]'::jsonb,
             'properties', jsonb_build_object('value', http.nullable(http.json_schema(
               (select format_type(p.prorettype, null) from pg_proc p where p.oid = p_function)))))
         end
    from object o
$$;

comment on function http.result_schema(oid, text) is 'JSON Schema of what a function answers with';
