-- http.operation: one route in the API description; nothing in it is written twice.
begin;
select plan(43);

select is(pg_get_function_arguments('http.operation'::regproc),
  'p_route http.routes, p_method text, p_path text, p_guards jsonb DEFAULT ''{}''::jsonb', 'arguments');
select is(pg_get_function_result('http.operation'::regproc), 'jsonb', 'result');
select volatility_is('http', 'operation', array['http.routes', 'text', 'text', 'jsonb'], 'stable');
select isnt_definer('http', 'operation', array['http.routes', 'text', 'text', 'jsonb']);
select function_owner_is('http', 'operation', array['http.routes', 'text', 'text', 'jsonb'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.operation'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.operation'::regproc;

set role plinth_owner;
create function api.tap_paint(p_user_id uuid, p_id uuid, p_colour text, p_layers integer default 1)
returns table (id uuid, colour text) volatile language sql as $$ select null::uuid, null::text $$;
comment on function api.tap_paint is 'Paints a thing';
create function api.tap_find(p_user_id uuid, p_word text, p_id uuid default null, p_limit integer default 50)
returns table (n integer, cursor text) stable language sql as $$ select 1, 'x' $$;
create function api.tap_stop() returns void volatile language sql as '';
create function api.tap_filter(p_ids uuid[], p_metadata jsonb, p_after text default null) returns text stable language sql
as $$ select 'x' $$;
create function api.tap_empty(p_user_id uuid, p_password text, p_kind text default null) returns void
volatile language sql as '';
create function api.tap_take(p_user_id uuid, p_items jsonb, p_line integer default null) returns table (taken bigint)
volatile language sql as $$ select 1 $$;
create function api.tap_history(p_user_id uuid, p_after text default null) returns table (n integer, cursor text)
stable language sql as $$ select 1, 'x' $$;
reset role;
insert into auth.permissions values ('tap:paint', 'planted');
select http.expose('POST /v1/tap-things/{id}/paint', 'api.tap_paint', permission => 'tap:paint', status => 201);
select http.expose('GET /v1/tap-things/{id}', 'api.tap_find', cache => 60);
select http.expose('GET /v1/tap-things/some', 'api.tap_filter', auth => 'none');
select http.expose('POST /v1/tap-things', 'api.tap_take', lines => 'items');
select http.expose('GET /v1/tap-things', 'api.tap_history', result => 'stream');
select http.expose('DELETE /v1/tap-things/all', 'api.tap_empty', status => 204);
select http.expose('DELETE /v1/tap-things', 'api.tap_stop', auth => 'none', status => 204);

create temp table document as
select r.function_name as name, http.operation(r, r.method, r.path) as d from http.routes r where r.path like '/v1/tap-%';
create function pg_temp.part(p_name text, variadic p_path text[])
returns jsonb language sql stable as $$ select d.d #> p_path from document d where d.name = 'api.tap_' || p_name $$;

select is(pg_temp.part('paint', 'operationId'), '"post_v1_tap_things_id_paint"', 'a name of its own');
select is(pg_temp.part('paint', 'summary'), '"Paints a thing"', 'the comment of the function');
select is(pg_temp.part('paint', 'tags'), '["tap-things"]', 'filed under its room');
select is(pg_temp.part('paint', 'security'), '[{"token": []}]', 'it needs a caller');
select is(pg_temp.part('paint', 'x-permission'), '"tap:paint"', 'and a permission');
select is(pg_temp.part('paint', 'x-function'), '"api.tap_paint"', 'the function that answers');
select is(pg_temp.part('paint', 'x-cache-seconds'), null, 'what is not kept does not say how long');
select is(pg_temp.part('paint', 'parameters'),
          '[{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}},
            {"$ref": "#/components/parameters/idempotency_key_may"}]',
          'what is in the path; the user is nowhere; and the key under which it happens once');
select is(pg_temp.part('paint', 'requestBody'),
  '{"required": true, "content": {"application/json": {"schema": {
     "type": "object", "additionalProperties": false, "required": ["colour"],
     "properties": {"colour": {"type": "string"}, "layers": {"type": ["integer", "null"], "format": "int32", "default": 1}}}}}}',
  'what is in the body, and no unknown field; null is as if it were left out, which is the default');
select is(http.operation(r, 'PATCH', r.path) #> '{requestBody,content,application/json,schema,properties,layers}',
          '{"type": "integer", "format": "int32", "default": 1}', 'but not in a change')
  from http.routes r where r.function_name = 'api.tap_paint';
select is(http.operation(r, m, r.path, '{"colour": {"enum": ["red", "blue"]}, "layers": {"maximum": 9},
                                          "other": {"maximum": 1}}')
            #> '{requestBody,content,application/json,schema,properties}',
          format('{"colour": {"type": "string", "enum": ["red", "blue"]},
                   "layers": {"type": %s, "format": "int32", "maximum": 9, "default": 1}}', t)::jsonb, m || ': what guards say')
  from http.routes r, (values ('POST', '["integer", "null"]'), ('PATCH', '"integer"')) as v (m, t)
 where r.function_name = 'api.tap_paint';
select is(http.operation(r, m, r.path, '{"password": {"cleared": ""}, "kind": {"enum": ["a"], "cleared": "b"}}')
            #> '{requestBody,content,application/json,schema,properties}', said::jsonb, m || ': what clears it')
  from http.routes r, (values
         ('POST', '{"password": {"type": "string"}, "kind": {"type": ["string", "null"], "enum": ["a", null]}}'),
         ('PATCH', '{"password": {"type": "string", "description": "\"\" clears it"},
                     "kind": {"type": "string", "enum": ["a"], "description": "\"b\" clears it"}}')) as v (m, said)
 where r.function_name = 'api.tap_empty';
select is(http.operation(r, 'PATCH', r.path, '{"expires_at": {"cleared": "infinity"}}')
            #> '{requestBody,content,application/json,schema,properties,expires_at}',
          '{"anyOf": [{"type": "string", "format": "date-time"}, {"const": "infinity"}],
            "description": "\"infinity\" clears it"}', 'which need not be a time')
  from http.routes r where r.function_name = 'api.update_memory';
select is(pg_temp.part('paint', 'responses', '201', 'content', 'application/json', 'schema'),
          http.result_schema('api.tap_paint'::regproc, 'one'), 'what comes back, under its status');
select is(pg_temp.part('paint', 'responses', 'default'), '{"$ref": "#/components/responses/Problem"}', 'or a problem');

select is(pg_temp.part('find', 'parameters'),
  '[{"name": "word", "in": "query", "required": true, "schema": {"type": "string"}},
    {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}},
    {"name": "limit", "in": "query", "required": false,
     "schema": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 200, "default": 50}}]',
  'GET: the rest is in the query; what is in the path is needed');
select is(pg_temp.part('find', 'requestBody'), null, 'GET: no body');
select is(pg_temp.part('filter', 'parameters'),
  '[{"name": "ids", "in": "query", "required": true, "explode": false,
     "schema": {"type": "array", "items": {"type": "string", "format": "uuid"}}},
    {"name": "metadata", "in": "query", "required": true,
     "schema": {"type": "string", "contentMediaType": "application/json", "contentSchema": {}}},
    {"name": "after", "in": "query", "required": false, "schema": {"type": "string"},
     "description": "next of the page before: what follows it"}]',
  'in a query a list is one text with commas, and JSON is a text; where a page begins was told by the one before');
select is(pg_temp.part('find', 'x-cache-seconds'), '60', 'how long it may be kept');
select is(pg_temp.part('find', 'x-cache-scope'), '"private"', 'and for whom');
select is(pg_temp.part('find', 'x-cost'), null, 'an ordinary call says no cost');
select is(http.operation(r, 'GET', '/v1/me/export') -> 'x-cost', '10', 'a dear one does')
  from http.routes r where r.function_name = 'api.export_user';
select is(pg_temp.part('find', 'summary'), null, 'no comment, no summary');

select is(pg_temp.part('stop', 'security'), '[]', 'anyone may call');
select is(pg_temp.part('stop', 'responses', '204'), '{"description": "Done"}', '204 has no content');
select is(pg_temp.part('stop', 'requestBody'), null, 'no arguments, no body');
select is(pg_temp.part('stop', 'parameters'), null, 'and no parameters');

select is(pg_temp.part('empty', 'parameters'),
  '[{"name": "kind", "in": "query", "required": false, "schema": {"type": "string"}}]', 'DELETE: filters are in the query');
select is(pg_temp.part('empty', 'requestBody', 'content', 'application/json', 'schema', 'properties'),
          '{"password": {"type": "string"}}', 'and what it needs in the body');

select is(pg_temp.part('take', 'requestBody', 'content', 'application/x-ndjson'),
  '{"schema": {"type": "string", "description": "One JSON object a line, each an item of items; of any length"}}',
  'a body of lines');
select is(pg_temp.part('take', 'requestBody', 'content', 'application/json', 'schema', 'required'), '["items"]',
          'or one object, as ever');
select is(pg_temp.part('history', 'responses', '200', 'content', 'application/x-ndjson', 'schema'),
          http.result_schema('api.tap_history'::regproc, 'stream'), 'an answer of lines');

-- The same function by its name: everything is in the body.
select results_eq(
  $$ select o ->> 'operationId', o -> 'tags', o -> 'parameters', o #> '{requestBody,content,application/json,schema,required}'
       from http.routes r, http.operation(r, 'POST', '/rpc/tap_find') o where r.function_name = 'api.tap_find' $$,
  $$ values ('rpc_post_rpc_tap_find', '["rpc"]'::jsonb, null::jsonb, '["word"]'::jsonb) $$, '/rpc');

set session authorization plinth_web;
select throws_ok($$ select http.operation(null, 'GET', '/', '{}') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
