-- core.judge_schema: what in a JSON Schema cannot be kept to, part by part.
begin;
select plan(11);

select is(pg_get_function_arguments('core.judge_schema'::regproc),
  'p_schema jsonb, p_root jsonb, p_at text, p_depth integer', 'arguments');
select is(pg_get_function_result('core.judge_schema'::regproc),
  'jsonb', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.judge_schema'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
  'who may call it')
  from pg_proc p where p.oid = 'core.judge_schema'::regproc;

select is(core.judge_schema('{"a": 1}', '{}', 'p/x', 0),
          '[{"field": "p/x/a", "code": "VL002", "detail": "keyword: is not one that is checked; leave it out"}]',
            'a keyword');
select is(core.judge_schema('{"$ref": "#/$defs/a"}', '{"$defs": {"a": true}}', 'p', 0), '[]',
  'references are looked up in the whole');
select throws_ok($$ select core.judge_schema('true', 'true', 'p', 33) $$, 'VL001',
  'The schema is more than 32 steps deep', 'too deep');
select throws_ok(format('select core.judge_schema(%L, ''true'', ''p'', 32)', s), 'VL001', 'The schema is more than 32 steps deep',
                 'one step more: ' || s)
  from unnest(array['{"not": true}', '{"allOf": [true]}', '{"properties": {"a": true}}']) s;
select is(jsonb_array_length(core.judge_schema((select jsonb_object_agg('k' || n, n) from generate_series(1, 60) n), '{}', 'p', 0)),
          50, 'of one part fifty faults are told');

select * from finish();
rollback;
