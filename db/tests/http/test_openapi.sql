-- http.openapi: the whole API description, made from the registry and the catalog.
begin;
select plan(29);

select is(pg_get_function_arguments('http.openapi'::regproc), '', 'arguments');
select is(pg_get_function_result('http.openapi'::regproc), 'json', 'result');
select volatility_is('http', 'openapi', '{}'::name[], 'stable');
select is_definer('http', 'openapi', '{}'::name[]);
select function_owner_is('http', 'openapi', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.openapi'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.openapi'::regproc;

set role plinth_owner;
create function api.tap_thing(p_user_id uuid, p_id uuid) returns text stable language sql as $$ select 'x' $$;
reset role;
select http.expose('GET /v1/tap/{id}', 'api.tap_thing');
select http.expose('POST /v1/tap/{id}', 'api.tap_thing', status => 201);
insert into ops.schema_migrations (version, name, title, checksum, statements_done)
select (select coalesce(max(m.version), 0) from ops.schema_migrations m) + n, 'V_tap', 'Of this test', repeat('0', 64), 1
  from generate_series(1, 2) n;
create temp table document as select http.openapi()::jsonb as d;

select is(d.d ->> 'openapi', '3.1.0', 'the kind of document') from document d;
select is(d.d -> 'servers', '[{"url": "/"}]', 'where it stands, which generators of clients ask for') from document d;
select is(d.d #>> '{info,version}', (select max(m.version)::text from ops.schema_migrations m), 'of the last migration')
  from document d;
select results_eq(
  $$ select p.path, m.method from document d, jsonb_each(d.d -> 'paths') p (path, methods), jsonb_each(p.methods) m (method)
      where p.path like '/v1/%' order by 1, 2 $$,
  $$ select r.path, lower(r.method) from http.routes r order by 1, 2 $$, 'every route');
select results_eq(
  $$ select p.path, m.method from document d, jsonb_each(d.d -> 'paths') p (path, methods), jsonb_each(p.methods) m (method)
      where p.path like '/rpc/%' order by 1 $$,
  $$ select distinct '/rpc/' || split_part(r.function_name, '.', 2), 'post' from http.routes r order by 1 $$,
  'every function by its name, once');
select ok(d.d #> '{paths,/rpc/tap_thing,post,responses}' ? '200', 'as the first of its routes') from document d;
select is_empty(
  $$ select p.path from document d, jsonb_object_keys(d.d -> 'paths') p (path)
      where p.path !~ '^/(v1|rpc)/' $$, 'nothing else');
select is(d.d #> '{paths,/v1/plans,get}', (
            select http.operation(r, r.method, r.path, (
                     select jsonb_object_agg(g.argument, g.schema) from http.guards() g
                      where g.function = r.function_name::regproc))
              from http.routes r where r.path = '/v1/plans' and r.method = 'GET'), 'each as http.operation has it, with guards')
  from document d;
select ok(d.d @@ format('$.paths."/rpc/list_plans".post.**.status.enum[*] == "%s"', e)::jsonpath
          and d.d @@ format('$.paths."/v1/plans".get.parameters[*].schema.enum[*] == "%s"', e)::jsonpath, e)
  from document d, unnest(array['draft', 'running']) e;
select is((select count(*) from document d, jsonb_path_query(d.d, '$.paths.*.*.operationId') i),
          (select count(distinct i) from document d, jsonb_path_query(d.d, '$.paths.*.*.operationId') i),
          'no two operations have one name');
-- Every reference leads somewhere.
select is_empty(
  $$ select r from document d, jsonb_path_query(d.d, '$.**."$ref"') r
      where d.d #> string_to_array(substr(r #>> '{}', 3), '/') is null $$, 'no reference leads nowhere');
select isnt_empty($$ select from document d, jsonb_path_query(d.d, '$.**."$ref"') r $$, 'and there are some');
select results_eq(
  $$ select p.key, p.value ->> 'name', p.value ->> 'required'
       from document d, jsonb_each(d.d #> '{components,parameters}') p order by 1 $$,
  $$ values ('idempotency_key_may', 'Idempotency-Key', 'false'), ('idempotency_key_must', 'Idempotency-Key', 'true') $$,
  'the key under which a call happens once: it may be there, or must');
select is_empty(
  $$ select p.value from document d, jsonb_each(d.d #> '{components,parameters}') p, base.errors e
      where e.code in ('BR005', 'KC009', 'VL005')
        and strpos(p.value ->> 'description', format('%s (%s)', e.code, e.http_status)) = 0 $$, 'with its errors');
select is(d.d #> '{components,securitySchemes}', '{"token": {"type": "http", "scheme": "bearer"}}', 'how callers are known')
  from document d;
select is(d.d #> '{components,schemas,Problem,required}',
          '["type", "title", "status", "detail", "code", "request_id", "errors"]', 'what a problem says') from document d;
select is(d.d #> '{components,schemas,Problem,properties,errors,items,required}', '["field", "code", "detail"]',
          'and of each field at fault') from document d;
select is_empty(
  $$ select e.code from base.errors e, document d
      where strpos(d.d #>> '{components,schemas,Problem,properties,code,description}',
                   format('%s %s %s', e.code, e.http_status, e.title)) = 0 $$, 'and every code it can have');

set session authorization plinth_web;
select lives_ok('select http.openapi()', 'the layer serves it');
reset session authorization;
set session authorization plinth_operator;
select lives_ok('select http.openapi()', 'operators read it');
reset session authorization;
set session authorization plinth_reader;
select throws_ok('select http.openapi()', '42501', null, 'readers do not');
reset session authorization;

select * from finish();
rollback;
