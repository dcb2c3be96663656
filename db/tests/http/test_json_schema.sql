-- http.json_schema: how a value of a PostgreSQL type looks as JSON.
begin;
select plan(12);

select is(pg_get_function_arguments('http.json_schema'::regproc), 'p_type text', 'arguments');
select is(pg_get_function_result('http.json_schema'::regproc), 'jsonb', 'result');
select volatility_is('http', 'json_schema', array['text'], 'immutable');
select isnt_definer('http', 'json_schema', array['text']);
select function_owner_is('http', 'json_schema', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.json_schema'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.json_schema'::regproc;

select results_eq(
  $$ select t, http.json_schema(t) from unnest(array['smallint', 'integer', 'bigint', 'numeric', 'numeric(10,2)', 'real',
       'double precision', 'boolean', 'uuid', 'timestamp with time zone', 'date', 'json', 'jsonb', 'bytea', 'text',
       'character varying', 'inet', 'interval', 'ext.vector', 'ext.halfvec']) t $$,
  $$ values
     ('smallint',                 '{"type": "integer", "format": "int32"}'::jsonb),
     ('integer',                  '{"type": "integer", "format": "int32"}'),
     ('bigint',                   '{"type": "integer", "format": "int64"}'),
     ('numeric',                  '{"type": "number"}'),
     ('numeric(10,2)',            '{"type": "number"}'),
     ('real',                     '{"type": "number"}'),
     ('double precision',         '{"type": "number"}'),
     ('boolean',                  '{"type": "boolean"}'),
     ('uuid',                     '{"type": "string", "format": "uuid"}'),
     ('timestamp with time zone', '{"type": "string", "format": "date-time"}'),
     ('date',                     '{"type": "string", "format": "date"}'),
     ('json',                     '{}'),
     ('jsonb',                    '{}'),
     ('bytea',                    '{"type": "string", "pattern": "^\\\\x[0-9a-f]*$"}'),
     ('text',                     '{"type": "string"}'),
     ('character varying',        '{"type": "string"}'),
     ('inet',                     '{"type": "string"}'),
     ('interval',                 '{"type": "string"}'),
     ('ext.vector',               '{"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 16000}'),
     ('ext.halfvec',              '{"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 16000}') $$,
  'type by type');
select is(http.json_schema('uuid[]'), '{"type": "array", "items": {"type": "string", "format": "uuid"}}', 'arrays');
select is(http.json_schema('integer[][]'),
          '{"type": "array", "items": {"type": "array", "items": {"type": "integer", "format": "int32"}}}',
          'of arrays');
select is(http.json_schema(null), '{"type": "string"}', 'no type');

set session authorization plinth_web;
select throws_ok($$ select http.json_schema('text') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
