-- core.judge_json: what in a JSON value a JSON Schema does not allow, part by part.
begin;
select plan(33);

select is(pg_get_function_arguments('core.judge_json'::regproc),
  'p_value jsonb, p_schema jsonb, p_root jsonb, p_at text, p_depth integer, INOUT p_left integer, OUT '
  'faults jsonb', 'arguments');
select is(pg_get_function_result('core.judge_json'::regproc),
  'record', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.judge_json'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
  'who may call it')
  from pg_proc p where p.oid = 'core.judge_json'::regproc;

select results_eq($$ select j.p_left, j.faults from core.judge_json('{"a": [1, 2]}',
  '{"properties": {"a": {"items": {"type": "null"}}}}',
                                                                    '{}', 'v', 0, 10) j $$,
  $$ values (6, '[{"field": "v/a/0", "code": "VL001", "detail": "type: must be null, not number"},
                  {"field": "v/a/1", "code": "VL001", "detail": "type: must be null, not number"}]'::jsonb) $$,
  'four parts were looked at');
select throws_ok($$ select core.judge_json('{"a": [1, 2]}', '{"properties": {"a": {"items": {"type": "null"}}}}',
  '{}', 'v', 0, 3) $$, 'VL001',
  'The value has too many parts, or too deep ones, to be checked', 'not more than may be');
select throws_ok($$ select core.judge_json('1', 'true', 'true', 'v', 65, 10) $$, 'VL001',
  'The value has too many parts, or too deep ones, to be checked', 'nor deeper');

-- What takes longer than a part counts for as many as it takes the time of.
select is(s.name || ' ' || (1000 - j.p_left), s.name || ' ' || s.parts, s.name || ' counts')
  from (values
    ('a part', jsonb '1', jsonb '{"minimum": 0}', 1),
    ('a text of 40,960 bytes', to_jsonb(repeat('x', 40960)), '{"minLength": 1}', 1 + 10),
    ('a schema of 40,960 bytes', '1', jsonb_build_object('description', repeat('x', 40960)), 1 + 10),
    ('an enum of 100 for a number', '100.0',
     (select jsonb_build_object('enum', jsonb_agg(n)) from generate_series(1, 100) n), 1 + 2),
    ('an enum of 100 for an array', '[100.0]',
     (select jsonb_build_object('enum', jsonb_agg(jsonb_build_array(n))) from generate_series(1, 100) n), 1 + 20),
    ('a text of 80 characters for a pattern', to_jsonb(repeat('x', 80)), '{"pattern": "x"}', 1 + 10),
    ('20 names that are required', (select jsonb_object_agg(n, n) from generate_series(1, 20) n),
     (select jsonb_build_object('required', jsonb_agg(n::text)) from generate_series(1, 20) n), 1 + 2),
    ('100 names to count', (select jsonb_object_agg(n, n) from generate_series(1, 100) n), '{"minProperties": 1}', 1 + 2),
    ('2 patterns for 3 names', '{"a": 1, "b": 1, "c": 1}', '{"patternProperties": {"^x": true, "^y": true}}', 1 + 3 * (2 + 1)),
    ('2 patterns for a name of 80 characters', jsonb_build_object(repeat('x', 80), 1),
     '{"patternProperties": {"^a": true, "^b": true}}', 1 + 2 * 11 + 1),
    ('the first of three forms', '1', '{"anyOf": [true, true, true]}', 1 + 1),
    ('two of three forms, where one may be', '1', '{"oneOf": [true, true, true]}', 1 + 2),
    ('4 names that nobody knows', '{"a": 1, "b": 1, "c": 1, "d": 1}', '{"properties": {"x": true}}', 1 + 4)
  ) as s (name, value, schema, parts)
 cross join lateral core.judge_json(s.value, s.schema, s.schema, 'v', 0, 1000) j;
select cmp_ok(1000 - j.p_left, '>', 10, 'a hundred items that must be unique count')
  from (select jsonb_agg(n) as value from generate_series(1, 100) n) v
 cross join lateral core.judge_json(v.value, '{"uniqueItems": true}', '{}', 'v', 0, 1000) j;

select cmp_ok(20000 - j.p_left, '<', 1100, 'a pattern counts for no more of a name than it is matched with')
  from core.judge_json(jsonb_build_object(repeat('x', 40000), 1), '{"patternProperties": {"^a": true, "^b": true}}', '{}', 'v',
                       0, 20000) j;
select is(jsonb_array_length(j.faults), 50, 'of the names that are missing fifty are told')
  from core.judge_json('{}', (select jsonb_build_object('required', jsonb_agg('n' || n)) from generate_series(1, 60) n), '{}',
                       'v', 0, 1000) j;
select throws_ok(format('select core.judge_json(%L, %L, %2$L, ''v'', 64, 1000)', t.value, t.schema), 'VL001',
                 'The value has too many parts, or too deep ones, to be checked', 'one step more: ' || t.schema)
  from (values
    ('[1]', '{"items": true}'), ('{"a": 1}', '{"properties": {"a": true}}'), ('{"a": 1}', '{"patternProperties": {"a": true}}'),
    ('{"a": 1}', '{"additionalProperties": {}}'), ('{"a": 1}', '{"propertyNames": true}'),
    ('1', '{"$ref": "#/$defs/a", "$defs": {"a": true}}'), ('1', '{"allOf": [true]}'), ('1', '{"anyOf": [true]}'),
    ('1', '{"oneOf": [true]}'), ('1', '{"not": false}')) as t (value, schema);

select * from finish();
rollback;
