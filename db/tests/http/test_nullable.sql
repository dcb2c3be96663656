-- http.nullable: the same schema, or null.
begin;
select plan(13);

select is(pg_get_function_arguments('http.nullable'::regproc), 'p_schema jsonb', 'arguments');
select is(pg_get_function_result('http.nullable'::regproc), 'jsonb', 'result');
select volatility_is('http', 'nullable', array['jsonb'], 'immutable');
select isnt_definer('http', 'nullable', array['jsonb']);
select function_owner_is('http', 'nullable', array['jsonb'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.nullable'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.nullable'::regproc;

select is(http.nullable('{"type": "string", "format": "uuid"}'), '{"type": ["string", "null"], "format": "uuid"}',
          'a type or null; what else is said stays');
select is(http.nullable('{"type": "string", "enum": ["a"]}'), '{"type": ["string", "null"], "enum": ["a", null]}',
          'one of some, or null');
select is(http.nullable('{}'), '{}', 'anything may be null already');
select is(http.nullable('{"description": "x"}'), '{"description": "x"}', 'with or without a word on it');
select is(http.nullable(null), null, 'no schema');

set session authorization plinth_web;
select throws_ok($$ select http.nullable('{}') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
