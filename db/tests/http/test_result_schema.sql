-- http.result_schema: JSON Schema of an answer, in the envelope of its kind.
begin;
select plan(15);

select is(pg_get_function_arguments('http.result_schema'::regproc), 'p_function oid, p_result text', 'arguments');
select is(pg_get_function_result('http.result_schema'::regproc), 'jsonb', 'result');
select volatility_is('http', 'result_schema', array['oid', 'text'], 'stable');
select isnt_definer('http', 'result_schema', array['oid', 'text']);
select function_owner_is('http', 'result_schema', array['oid', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.result_schema'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.result_schema'::regproc;

set role plinth_owner;
create view core.tap_view as select 1 as n, '{}'::jsonb as data;
comment on column core.tap_view.n is 'How many';
create function api.tap_one() returns setof core.tap_view language sql as $$ select * from core.tap_view $$;
create function api.tap_list() returns table (n integer, cursor text) language sql as $$ select 1, 'x' $$;
create function api.tap_lines() returns table (line json, cursor text) language sql as $$ select '1'::json, 'x' $$;
create function api.tap_rows() returns table (n integer, m integer, cursor text) language sql as $$ select 1, 1, 'x' $$;
create function api.tap_value() returns bigint language sql as $$ select 1::bigint $$;
create function api.tap_none() returns void language sql as '';
reset role;

select is(http.result_schema('api.tap_one'::regproc, 'one'),
  '{"type": "object", "required": ["n", "data"],
    "properties": {"n": {"type": ["integer", "null"], "format": "int32", "description": "How many"}, "data": {}}}',
  'one: the object, with the comments of its columns, which are all there');
select is(http.result_schema('api.tap_list'::regproc, 'list'),
  '{"type": "object", "required": ["items", "next"],
    "properties": {"items": {"type": "array", "items": {"type": "object", "required": ["n"],
                             "properties": {"n": {"type": ["integer", "null"], "format": "int32"}}}},
                   "next": {"type": ["string", "null"], "description": "Send it as after to get the next page"}}}',
  'list: items and next; the cursor is lifted out of the items');
select is(http.result_schema('api.tap_value'::regproc, 'value'),
  '{"type": "object", "required": ["value"], "properties": {"value": {"type": ["integer", "null"], "format": "int64"}}}',
  'value');
select is(http.result_schema('api.tap_value'::regproc, 'qr'), '{"type": "string"}', 'qr: the text of a picture');
select is(http.result_schema('api.tap_rows'::regproc, 'stream'),
  '{"type": "string", "description": "JSON texts, one a line", "contentMediaType": "application/x-ndjson",
    "contentSchema": {"type": "object", "required": ["n", "m"],
                      "properties": {"n": {"type": ["integer", "null"], "format": "int32"},
                                     "m": {"type": ["integer", "null"], "format": "int32"}}}}',
  'stream: what a line is');
select is(http.result_schema('api.tap_lines'::regproc, 'stream') -> 'contentSchema', '{}', 'a single column is the line');
select is(http.result_schema('api.tap_none'::regproc, 'none'), null, 'none has none');

set session authorization plinth_web;
select throws_ok($$ select http.result_schema(null, 'one') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
