-- http.operation: one route in the API description: the function's comment, its arguments, its answer, its refusals.
-- p_guards is what http.guards and http.shapes say of each argument; the default is the function's.
-- What a DELETE may leave out are filters, and stands in the query as with a GET; what it needs, like a password, in
-- the body. What a body may leave out may be null as well; only a PATCH, where that could mean to clear it, takes none:
-- there the text that clears it is told. In a query a list is one text with commas, and JSON is a text.
create or replace function http.operation(p_route http.routes, p_method text, p_path text, p_guards jsonb default '{}')
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with argument as (
    select a.name, a.type, a.required,
           case when g.guard ? 'cleared' and p_method = 'PATCH' and s.schema ->> 'format' = 'date-time'
                then jsonb_build_object('anyOf', jsonb_build_array(s.schema, jsonb_build_object('const', g.guard -> 'cleared')))
                else s.schema end
           || case when g.guard ? 'cleared' and p_method = 'PATCH'
                   then jsonb_build_object('description', format('%s clears it', g.guard -> 'cleared'))
                   else '{}' end as schema,
           case when p_path like '%{' || a.name || '}%' then 'path'
                when p_method = 'GET' or p_method = 'DELETE' and not a.required then 'query' else 'body' end as place
      from http.arguments(p_route.function_name::regproc) a
     cross join lateral (select coalesce(p_guards -> a.name, '{}') as guard) g
     cross join lateral (
       select pg_get_function_arg_default(p.oid, array_position(p.proargnames, 'p_' || a.name)) as text
         from pg_proc p where p.oid = p_route.function_name::regproc) d
     cross join lateral (
       select http.json_schema(a.type) || (g.guard - 'cleared') || jsonb_strip_nulls(jsonb_build_object(
                'minimum', a.minimum, 'maximum', a.maximum,
                'default', coalesce(to_jsonb(substring(d.text from '^''([^'']*)''::text$')),
                                    substring(d.text from '^(-?[0-9.]+|true|false)$')::jsonb))) as schema) s
  ),
  parameters as (
    select jsonb_agg(p.item) as list
      from (
        select jsonb_build_object('name', a.name, 'in', a.place, 'required', a.required or a.place = 'path')
               || case when a.place = 'query' and a.schema ->> 'type' = 'array' then '{"explode": false}'::jsonb else '{}' end
               || case when a.name = 'after' then '{"description": "next of the page before: what follows it"}'::jsonb else '{}' end
               || jsonb_build_object('schema', case when a.type in ('json', 'jsonb') then jsonb_build_object(
                    'type', 'string', 'contentMediaType', 'application/json', 'contentSchema', a.schema) else a.schema end) as item
          from argument a where a.place <> 'body'
        union all
        select jsonb_build_object('$ref', '#/components/parameters/idempotency_key_' || p_route.once)
         where p_route.once <> 'never') p
  ),
  body as (
    select jsonb_strip_nulls(jsonb_build_object(
             'type', 'object', 'additionalProperties', false,
             'properties', coalesce(jsonb_object_agg(a.name, case
               when a.required or p_method = 'PATCH' then a.schema else http.nullable(a.schema) end), '{}'),
             'required', jsonb_agg(a.name) filter (where a.required))) as schema,
           count(*) > 0 as there, coalesce(bool_or(a.required), false) as required
      from argument a where a.place = 'body'
  ),
  answers as (
    select jsonb_build_object(
      p_route.status::text,
      jsonb_build_object('description', 'Done')
      || case when p_route.result = 'none' then '{}' else jsonb_build_object('content', jsonb_build_object(
           case p_route.result when 'qr' then 'image/svg+xml' when 'stream' then 'application/x-ndjson'
                               else 'application/json' end, jsonb_build_object(
             'schema', http.result_schema(p_route.function_name::regproc, p_route.result)))) end,
      'default', '{"$ref": "#/components/responses/Problem"}'::jsonb) as list
  )
  select jsonb_strip_nulls(jsonb_build_object(
           'operationId', case when p_path like '/rpc/%' then 'rpc_' else '' end
                          || lower(p_method) || '_' || btrim(regexp_replace(p_path, '[^a-z0-9]+', '_', 'g'), '_'),
           'summary', obj_description(p_route.function_name::regproc, 'pg_proc'),
           'tags', jsonb_build_array(case when p_path like '/rpc/%' then 'rpc' else split_part(p_path, '/', 3) end),
           'security', case when p_route.auth = 'none' then '[]'::jsonb else '[{"token": []}]'::jsonb end,
           'parameters', p.list,
           'requestBody', case when b.there then jsonb_build_object(
             'required', b.required,
             'content', jsonb_build_object('application/json', jsonb_build_object('schema', b.schema))
                        || case when p_route.lines is null then '{}'::jsonb else jsonb_build_object('application/x-ndjson',
                             jsonb_build_object('schema', jsonb_build_object('type', 'string', 'description',
                               format('One JSON object a line, each an item of %s; of any length', p_route.lines)))) end) end,
           'responses', a.list,
           'x-function', p_route.function_name,
           'x-permission', p_route.permission,
           'x-cost', nullif(p_route.cost, 1),
           'x-cache-seconds', p_route.cache_seconds,
           'x-cache-scope', p_route.cache_scope))
    from parameters p, body b, answers a
$$;

comment on function http.operation(http.routes, text, text, jsonb) is 'One route in the API description';
