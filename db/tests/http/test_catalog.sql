-- http.catalog: everything the layer needs to serve, in one read.
begin;
select plan(20);

select is(pg_get_function_arguments('http.catalog'::regproc), '', 'arguments');
select is(pg_get_function_result('http.catalog'::regproc), 'json', 'result');
select volatility_is('http', 'catalog', '{}'::name[], 'stable');
select is_definer('http', 'catalog', '{}'::name[]);
select function_owner_is('http', 'catalog', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.catalog'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'http.catalog'::regproc;

set role plinth_owner;
create function api.tap_thing(p_user_id uuid, p_word text, p_size integer default 1) returns text stable language sql
as $$ select 'x' $$;
create function api.tap_list(p_ids uuid[], p_limit integer default 50) returns table (id uuid, cursor text) stable language sql
as $$ select null::uuid, null::text $$;
create function api.tap_open() returns text stable language sql as $$ select 'x' $$;
reset role;
select http.expose('GET /v1/tap/thing', 'api.tap_thing', cache => 60, tags => '{tap}');
select http.expose('GET /v1/tap/far', 'api.tap_thing');
select http.expose('GET /v1/tap/list', 'api.tap_list', auth => 'none');
select http.expose('GET /v1/tap/open', 'api.tap_open', auth => 'none', cache => 30, tags => '{all:tap}');
create temp table document as select http.catalog() as d;
create temp view route as
select r.value as r, r.value ->> 'path' as path from document d, json_array_elements(d.d -> 'routes') r;

select is((d.d ->> 'version')::uuid, (select g.version from http.registry g), 'the version of the code') from document d;
select results_eq(
  $$ select r.r ->> 'path', r.r ->> 'method', r.r ->> 'statement' from route r $$,
  $$ select r.path, r.method, http.statement(r) from http.routes r order by r.path, r.method $$,
  'every route with its statement, in a fixed order');
select results_eq(
  $$ select r.r ->> 'path', r.r ->> 'method', r.r ->> 'statement_once' from route r where r.r ->> 'once' <> 'never' $$,
  $$ select r.path, r.method, http.statement(r, true) from http.routes r where r.once <> 'never' order by r.path, r.method $$,
  'and with that for a key, where one may come');
select results_eq(
  $$ select r.r ->> 'path', r.r ->> 'method', r.r ->> 'statement_many' from route r $$,
  $$ select r.path, r.method, http.statement(r, p_many => true) from http.routes r order by r.path, r.method $$,
  'and with that for several calls at once');
select is(r.r::jsonb - '{statement,statement_many}'::text[], '{
  "route": "GET /v1/tap/thing", "method": "GET", "path": "/v1/tap/thing",
  "function": "api.tap_thing", "auth": "user", "lane": "read", "once": "never", "cost": 1, "lines": null,
  "statement_once": null, "replica": null, "status": 200, "result": "value",
  "cache_seconds": 60, "cache_tags": ["sessions", "tap"],
  "arguments": [{"name": "word", "type": "text", "required": true},
                {"name": "size", "type": "integer", "required": false}]}',
  'a user''s answer depends on the session, too; each argument with its type') from route r where r.path = '/v1/tap/thing';
select is(r.r::jsonb - '{statement,statement_many}'::text[], '{
  "route": "GET /v1/tap/open", "method": "GET", "path": "/v1/tap/open",
  "function": "api.tap_open", "auth": "none", "lane": "read", "once": "never", "cost": 1, "lines": null,
  "statement_once": null, "replica": null, "status": 200, "result": "value",
  "cache_seconds": 30, "cache_tags": ["all:tap"],
  "arguments": []}',
  'anyone''s does not; no argument is an empty list') from route r where r.path = '/v1/tap/open';
select is((r.r::jsonb -> 'arguments'), '[{"name": "ids", "type": "uuid[]", "required": true, "element": 2950},
  {"name": "limit", "type": "integer", "required": false, "rule": "a whole number from 1 to 200"}]',
  'what a list holds, and what a page''s size must be') from route r where r.path = '/v1/tap/list';
select results_eq(
  $$ select r.r -> 'replica' ->> 'vouch', r.r -> 'replica' ->> 'statement' from route r where r.path = '/v1/tap/far' $$,
  $$ select 'select http.vouch(''user'', NULL, $1::bytea, $2::text, ''self:read'')',
            replace(http.statement(r), 'from http.enter(', 'from http.assume(') from http.routes r where r.path = '/v1/tap/far' $$,
  'where a replica may answer, how it is asked');
select results_eq(
  $$ select e ->> 'code', (e ->> 'http_status')::integer, e ->> 'title', (e ->> 'retry_after')::integer
       from document d, json_array_elements(d.d -> 'errors') e $$,
  $$ select e.code, e.http_status, e.title, e.retry_after from base.errors e order by 1 $$, 'every error');

delete from http.routes;
select is((http.catalog() -> 'routes')::text, '[]', 'no routes are an empty list');

set session authorization plinth_web;
select lives_ok('select http.catalog()', 'the layer reads it');
reset session authorization;
set session authorization plinth_operator;
select lives_ok('select http.catalog()', 'operators read it');
reset session authorization;
set session authorization plinth_reader;
select throws_ok('select http.catalog()', '42501', null, 'readers do not');
reset session authorization;

select * from finish();
rollback;
