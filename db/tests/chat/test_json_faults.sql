-- core.json_faults: what in a JSON value a JSON Schema does not allow.
begin;
select plan(94);

select is(pg_get_function_arguments('core.json_faults'::regproc),
  'p_value jsonb, p_schema jsonb, p_field text', 'arguments');
select is(pg_get_function_result('core.json_faults'::regproc),
  'jsonb', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.json_faults'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
  'who may call it')
  from pg_proc p where p.oid = 'core.json_faults'::regproc;

create function pg_temp.faults(p_value jsonb, p_schema jsonb) returns text language sql volatile as $$
  select coalesce(string_agg(concat_ws(' ', f ->> 'field', f ->> 'code', f ->> 'detail'), '; ' order by n), '')
    from jsonb_array_elements(core.json_faults(p_value, p_schema, 'v')) with ordinality as x (f, n)
$$;
select is(pg_temp.faults(t.value, t.schema), t.faults, format('%s in %s', t.value, left(t.schema::text, 200)))
  from (values
    -- types
    ('1'::jsonb, '{"type": "integer"}'::jsonb, ''), ('1.0', '{"type": "integer"}', ''), ('1e3',
      '{"type": "integer"}', ''),
    ('1.5', '{"type": "integer"}', 'v VL001 type: must be integer, not number'),
    ('"1"', '{"type": "integer"}', 'v VL001 type: must be integer, not string'),
    ('1', '{"type": "number"}', ''), ('null', '{"type": ["string", "null"]}', ''),
    ('0', '{"type": "boolean"}', 'v VL001 type: must be boolean, not number'),
    ('0', '{"type": ["string", "null"]}', 'v VL001 type: must be string or null, not number'),
    ('[]', '{"type": "object"}', 'v VL001 type: must be object, not array'),
    ('1', 'true', ''), ('1', '{}', ''), ('1', 'false', 'v VL001 false: nothing is allowed here'),
    -- values
    ('1.0', '{"enum": [1, "a"]}', ''), ('{"a": 1}', '{"enum": [{"a": 1, "b": 2}]}',
      'v VL001 enum: must be one of [{"a": 1, "b": 2}]'),
    ('null', '{"enum": [null]}', ''), ('"1"', '{"const": 1}', 'v VL001 const: must be 1'), ('null',
      '{"const": null}', ''),
    ('false', '{"const": 0}', 'v VL001 const: must be 0'),
    -- numbers
    ('3', '{"minimum": 3, "maximum": 3}', ''), ('2.9', '{"minimum": 3}', 'v VL001 minimum: must be at least 3'),
    ('3', '{"exclusiveMinimum": 3}', 'v VL001 exclusiveMinimum: must be more than 3'),
    ('3.1', '{"maximum": 3, "exclusiveMaximum": 3.1}',
     'v VL001 maximum: must be at most 3; v VL001 exclusiveMaximum: must be less than 3.1'),
    ('0.3', '{"multipleOf": 0.1}', ''), ('1e30', '{"multipleOf": 7}', 'v VL001 multipleOf: must be a multiple of 7'),
    ('"x"', '{"minimum": 3, "multipleOf": 2, "minItems": 1, "minProperties": 1}', ''),
    -- texts: code points, not bytes; not anchored; ends are ends of the text
    ('"𝄞é"', '{"minLength": 2, "maxLength": 2}', ''), ('"e"', '{"minLength": 2}',
      'v VL001 minLength: must have at least 2 characters'),
    ('"eee"', '{"maxLength": 2}', 'v VL001 maxLength: must have at most 2 characters'),
    ('"xaby"', '{"pattern": "ab"}', ''), ('"a\nb"', '{"pattern": "^b"}', 'v VL001 pattern: must match ^b'),
    ('"2024-01-31"', '{"pattern": "^\\d{4}-\\d{2}-\\d{2}$"}', ''), ('"x"', '{"format": "date"}', ''),
    -- arrays
    ('[1, "a", null]', '{"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": {"type": "null"}}', ''),
    ('[1, 2]', '{"items": {"type": "string"}, "maxItems": 1}',
     'v VL001 maxItems: must have at most 1 items; v/0 VL001 type: must be string, not number; '
     'v/1 VL001 type: must be string, not number'),
    ('[1, 2]', '{"minItems": 2, "maxItems": 2}', ''),
    ('[]', '{"minItems": 1}', 'v VL001 minItems: must have at least 1 items'), ('[1, 2]',
      '{"prefixItems": [true], "items": false}',
     'v/1 VL001 false: nothing is allowed here'),
    ('[1, true, "1", [1], {"a": 1}]', '{"uniqueItems": true}', ''), ('[{"a": 1, "b": 2}, {"b": 2.0, "a": 1}]',
      '{"uniqueItems": true}',
     'v VL001 uniqueItems: must not have two equal items'),
    -- objects; names are escaped as in a pointer
    ('{"a": 1}', '{"required": ["a", "b", "c/d~"]}',
      'v/b VL003 required: is missing; v/c~1d~0 VL003 required: is missing'),
    ('{"a": null}', '{"required": ["a"]}', ''), ('{"toString": 1}',
      '{"properties": {"a": false}, "required": ["toString"]}', ''),
    ('{"a": {"b": ["x"]}}', '{"properties": {"a": {"properties": {"b": {"items": {"type": "null"}}}}}}',
     'v/a/b/0 VL001 type: must be null, not string'),
    ('{"a": 1, "b": 2}', '{"properties": {"a": true}, "additionalProperties": false}',
     'v/b VL002 additionalProperties: is none of the properties'),
    ('{"a": 1, "b": 2}', '{"properties": {"a": true}, "additionalProperties": {"type": "string"}}',
     'v/b VL001 type: must be string, not number'),
    ('{"x-a": 1, "b": 2}', '{"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": false}',
     'v/b VL002 additionalProperties: is none of the properties; v/x-a VL001 type: must be string, not number'),
    ('{"ab": 1}', '{"propertyNames": {"maxLength": 1}}', 'v/ab VL001 maxLength: must have at most 1 characters'),
    ('{"a": 1}', '{"minProperties": 1, "maxProperties": 1}', ''),
    ('{"": 1}', '{"minProperties": 2}', 'v VL001 minProperties: must have at least 2 properties'),
    ('{"a": 1, "b": 1}', '{"maxProperties": 1}', 'v VL001 maxProperties: must have at most 1 properties'),
    -- combinations
    ('1', '{"allOf": [{"minimum": 2}, {"maximum": 0}]}',
      'v VL001 minimum: must be at least 2; v VL001 maximum: must be at most 0'),
    ('1', '{"anyOf": [{"type": "string"}, {"minimum": 1}]}', ''), ('0', '{"anyOf": [{"minimum": 2}, {"minimum": 1}]}',
     'v VL001 anyOf: must have one of 2 forms'),
    ('0', '{"anyOf": [{"type": "string"}, {"minimum": 2}]}', 'v VL001 minimum: must be at least 2'),
    ('{"a": 1}', '{"anyOf": [{"type": "null"}, {"properties": {"a": {"type": "string"}}}]}',
      'v/a VL001 type: must be string, not number'),
    ('1', '{"oneOf": [{"minimum": 1}, {"maximum": 1}]}',
      'v VL001 oneOf: must have exactly one of 2 forms, and has several'),
    ('1', '{"oneOf": [{"minimum": 2}, {"type": "null"}]}',
      'v VL001 oneOf: must have exactly one of 2 forms, and has none'),
    ('2', '{"oneOf": [{"minimum": 2}, {"type": "null"}]}', ''), ('1', '{"not": {"type": "integer"}}',
      'v VL001 not: must not have this form'),
    ('1', '{"not": {"not": {"type": "integer"}}}', ''),
    -- references; what stands beside one counts, too; trees of any depth
    ('{"next": {"next": {"n": 1}}}', '{"properties": {"next": {"$ref": "#"}}, "additionalProperties": false}',
     'v/next/next/n VL002 additionalProperties: is none of the properties'),
    ('3', '{"$ref": "#/$defs/a~1b", "maximum": 2, "$defs": {"a/b": {"minimum": 4}}}',
     'v VL001 maximum: must be at most 2; v VL001 minimum: must be at least 4'),
    ('3', '{"$ref": "#/definitions/x", "definitions": {"x": {"type": "string"}}}',
      'v VL001 type: must be string, not number')
  ) as t (value, schema, faults);

-- Nothing runs for ever.
select throws_ok($$ select core.json_faults((repeat('[', 200) || repeat(']', 200))::jsonb,
  '{"items": {"$ref": "#"}}', 'v') $$, 'VL001',
  'The value has too many parts, or too deep ones, to be checked', 'too deep');
select throws_ok($$ select core.json_faults('1', (
    select jsonb_build_object('$ref', '#/$defs/d0', '$defs', jsonb_object_agg('d' || n,
      case when n = 40 then '{"type": "string"}' else
             jsonb_build_object('not', jsonb_build_object('allOf', jsonb_build_array(
               jsonb_build_object('not', jsonb_build_object('$ref', '#/$defs/d' || n + 1)),
               jsonb_build_object('not', jsonb_build_object('$ref', '#/$defs/d' || n + 1))))) end))
      from generate_series(0, 40) n), 'v') $$, 'VL001', 'The value has too many parts, or too deep ones, to be checked',
  'each definition asks the next one twice');
-- enum: equal is what JSON Schema calls equal, of whatever type.
select is(pg_temp.faults(t.value, '{"enum": [1, "a", null, true, [1, 2], {"a": 1}, {"b": [1]}]}') = '', t.fits,
          format('%s in an enum', t.value))
  from (values
    (jsonb '1.00', true), ('"a"', true), ('null', true), ('true', true), ('[1, 2.0]', true), ('{"a": 1.0}', true),
    ('"1"', false), ('false', false), ('[1]', false), ('[2, 1]', false), ('[]', false), ('{}', false), ('{"b": []}', false),
    ('"b"', false)) as t (value, fits);
select throws_ok($$ select core.json_faults((select jsonb_agg(1000) from generate_series(1, 9000)),
  (select jsonb_build_object('items', jsonb_build_object('enum', jsonb_agg(n))) from generate_series(1, 1000) n), 'v') $$,
  'VL001', 'The value has too many parts, or too deep ones, to be checked', 'a thousand codes for nine thousand items');
select throws_ok($$ select core.json_faults((select jsonb_object_agg('name' || n, 1) from generate_series(1, 3000) n),
  (select jsonb_build_object('patternProperties', jsonb_object_agg('^x' || n, true)) from generate_series(1, 30) n), 'v') $$,
  'VL001', 'The value has too many parts, or too deep ones, to be checked', 'thirty patterns for three thousand names');
select throws_ok($$ select core.json_faults((select jsonb_agg('{}'::jsonb) from generate_series(1, 9000)),
  (select jsonb_build_object('items', jsonb_build_object('not', jsonb_build_object('required', jsonb_agg('n' || n))))
     from generate_series(1, 1000) n), 'v') $$,
  'VL001', 'The value has too many parts, or too deep ones, to be checked', 'a thousand names that nine thousand items lack');

select is(jsonb_array_length(core.json_faults((select jsonb_agg(n) from generate_series(1, 1000) n),
  '{"items": {"type": "null"}}', 'v')),
          50, 'and not more is told than anybody reads');
select is(length(core.json_faults('0', t.schema, 'v') -> 0 ->> 'detail'), length(t.begins) + 300, t.begins || 'so much')
  from (values ((select jsonb_build_object('enum', jsonb_agg(n)) from generate_series(1000, 1999) n), 'enum: must be one of '),
               (jsonb_build_object('enum', jsonb_build_array(repeat('x', 1000))), 'enum: must be one of '),
               (jsonb_build_object('const', repeat('x', 1000)), 'const: must be ')) as t (schema, begins);
select is(pg_temp.faults(jsonb_build_object(repeat('a', 5000) || 'b', 1), '{"patternProperties": {"b$": false}}'), '',
          'of a long name the beginning is matched');
select is(pg_temp.faults(to_jsonb(repeat('a', 5000)), '{"pattern": "^(a|aa)+$"}'),
          'v VL001 pattern: must have at most 4,096 characters to be matched', 'nor longer texts matched than can be');
select is(pg_temp.faults(to_jsonb(repeat('a', 4096)), '{"pattern": "^(a|aa)+b$"}'),
  'v VL001 pattern: must match ^(a|aa)+b$',
          'what would take a matcher that tries everything for ever');

select * from finish();
rollback;
