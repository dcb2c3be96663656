-- http.openapi: the API description (OpenAPI 3.1), made from the registry and the catalog: functions, their comments,
-- arguments, guards and result columns.
create or replace function http.openapi()
returns json
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  with guard as materialized (
    select g.function::regproc::text as function, g.argument, g.schema from http.guards() g
  ),
  rule as materialized (
    select r.function, jsonb_object_agg(r.argument, coalesce(r.guard, '{}') || coalesce(r.shape, '{}')) as list
      from (select function, argument, g.schema as guard, s.schema as shape
              from guard g
              full join http.shapes((
                select jsonb_object_agg(f.function, f.list)
                  from (select g.function, jsonb_object_agg(g.argument, g.schema) as list from guard g group by g.function) f)) s
             using (function, argument)) r
     group by r.function
  ),
  operation as (
    select r.path, lower(r.method) as method, http.operation(r, r.method, r.path, q.list) as document
      from http.routes r left join rule q on q.function = r.function_name
    union all
    -- Every exposed function also answers by name; where it has several routes, as the first of them.
    select path.name, 'post', http.operation(r, 'POST', path.name, q.list)
      from (select distinct on (q.function_name) q.* from http.routes q order by q.function_name, q.path, q.method) f
      join http.routes r on r.path = f.path and r.method = f.method
      left join rule q on q.function = r.function_name
     cross join lateral (select '/rpc/' || split_part(r.function_name, '.', 2) as name) path
  ),
  path as (
    select o.path, jsonb_object_agg(o.method, o.document) as methods from operation o group by o.path
  )
  select json_build_object(
    'openapi', '3.1.0',
    'info', json_build_object(
      'title', 'Plinth', 'version', coalesce((select max(m.version) from ops.schema_migrations m), 0)::text,
      'description', 'A backend for AI applications that lives inside PostgreSQL. Every route is one function.'),
    'servers', '[{"url": "/"}]'::json,
    'paths', (select coalesce(json_object_agg(p.path, p.methods order by p.path), '{}') from path p),
    'components', json_build_object(
      'securitySchemes', '{"token": {"type": "http", "scheme": "bearer"}}'::json,
      'parameters', (
        select json_object_agg('idempotency_key_' || o.once, json_build_object(
                 'name', 'Idempotency-Key', 'in', 'header', 'required', o.once = 'must',
                 'schema', '{"type": "string", "minLength": 8, "maxLength": 255, "pattern": "^[ -~]+$"}'::json,
                 'description', format(
                   'A random text of your own, the same whenever you send this same call again: it then happens once, and '
                   'each time you get the same answer, with Idempotency-Replayed: true. Kept for %s hours. The key with '
                   'other arguments is VL005 (422), while the first call is under way KC009 (409); a key that is %sno '
                   'such text is BR005 (400).', o.hours, o.missing)))
          from (values ('may', 24, ''), ('must', 72, 'missing or ')) o (once, hours, missing)),
      'responses', '{"Problem": {"description": "Refused or failed; code says why", "content":
        {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}}'::json,
      'schemas', json_build_object('Problem', json_build_object(
        'type', 'object',
        'required', '["type", "title", "status", "detail", "code", "request_id", "errors"]'::json,
        'properties', json_build_object(
          'type', '{"type": "string"}'::json, 'title', '{"type": "string"}'::json,
          'status', '{"type": "integer"}'::json, 'detail', '{"type": "string"}'::json,
          'code', json_build_object('type', 'string', 'description',
            (select string_agg(format('%s %s %s', e.code, e.http_status, e.title), '; ' order by e.http_status, e.code)
               from base.errors e)),
          'request_id', '{"type": "string"}'::json,
          'errors', '{"type": "array", "items": {"type": "object", "required": ["field", "code", "detail"], "properties":
            {"field": {"type": "string"}, "code": {"type": "string"}, "detail": {"type": "string"}}}}'::json)))))
$$;

comment on function http.openapi() is 'The API description (OpenAPI 3.1), made from the registry and the catalog';
grant execute on function http.openapi() to plinth_web, plinth_operator;
