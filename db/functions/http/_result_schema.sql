-- http.result_schema: JSON Schema of what a function answers with, in the envelope of its kind.
create or replace function http.result_schema(p_function oid, p_result text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with object as (
    select jsonb_build_object('type', 'object', 'properties', coalesce(jsonb_object_agg(c.name,
             http.nullable(http.json_schema(c.type))
             || case when c.comment is null then '{}' else jsonb_build_object('description', c.comment) end), '{}')) as schema
      from http.result_columns(p_function) c
     where c.name <> 'cursor'
  )
  select case p_result
           when 'one' then o.schema
           when 'list' then jsonb_build_object('type', 'object', 'required', '["items", "next"]'::jsonb,
             'properties', jsonb_build_object(
               'items', jsonb_build_object('type', 'array', 'items', o.schema),
               'next', '{"type": ["string", "null"], "description": "Send it as after to get the next page"}'::jsonb))
           when 'qr' then '{"type": "string"}'::jsonb
           when 'stream' then jsonb_build_object('type', 'string', 'description', 'JSON texts, one a line',
             'contentMediaType', 'application/x-ndjson', 'contentSchema', o.schema)
           when 'value' then jsonb_build_object('type', 'object', 'required', '["value"]'::jsonb,
             'properties', jsonb_build_object('value', http.nullable(http.json_schema(
               (select format_type(p.prorettype, null) from pg_proc p where p.oid = p_function)))))
         end
    from object o
$$;

comment on function http.result_schema(oid, text) is 'JSON Schema of what a function answers with';
