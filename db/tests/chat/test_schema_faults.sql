-- core.schema_faults: what is wrong with a JSON Schema of arguments.
begin;
select plan(45);

select is(pg_get_function_arguments('core.schema_faults'::regproc),
  'p_schema jsonb, p_field text', 'arguments');
select is(pg_get_function_result('core.schema_faults'::regproc),
  'jsonb', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.schema_faults'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
  'who may call it')
  from pg_proc p where p.oid = 'core.schema_faults'::regproc;

create function pg_temp.faults(p_schema jsonb) returns text language sql volatile as $$
  select coalesce(string_agg(concat_ws(' ', f ->> 'field', f ->> 'detail'), '; ' order by f ->> 'field'), '')
    from jsonb_array_elements(core.schema_faults(p_schema, 'p')) f
$$;
select is(pg_temp.faults('{"type": "object"}' || t.schema), t.faults, left(t.schema::text, 200))
  from (values
    ('{"title": "x", "properties": {"a": {"type": ["string", "null"], "format": "date", "x-ui": 1, "default": null, "examples": []},
       "b": {"$ref": "#/$defs/b"}, "c": true}, "required": ["a"], "additionalProperties": false,
       "$defs": {"b": {"type": "array", "items": {"$ref": "#/$defs/b"}, "uniqueItems": true}}}'::jsonb, ''),
    ('{"properties": {"if": {"enum": [1]}, "type": {"const": 1}}}', ''),
    ('{"if": {}}', 'p/if keyword: is not one that is checked; leave it out'),
    ('{"properties": {"a/b": {"nullable": true}}}',
      'p/properties/a~1b/nullable keyword: is not one that is checked; leave it out'),
    ('{"properties": {"a": {"type": "text"}}}',
     'p/properties/a/type type: must be null, boolean, object, array, number, string, integer, or several of them'),
    ('{"properties": {"a": {"type": []}}}',
     'p/properties/a/type type: must be null, boolean, object, array, number, string, integer, or several of them'),
    ('{"properties": [1]}', 'p/properties properties: must be an object of schemas'),
    ('{"properties": {"a": 1}}', 'p/properties/a schema: must be an object, or true or false'),
    ('{"required": "a"}', 'p/required required: must be an array'), ('{"required": [1]}',
      'p/required required: must be an array of names'),
    ('{"enum": []}', 'p/enum enum: must have at most 1,000 items, and at least one'),
    ((select jsonb_build_object('required', jsonb_agg('n' || n)) from generate_series(1, 1001) n),
     'p/required required: must have at most 1,000 items'),
    ('{"multipleOf": 1000000000001}', 'p/multipleOf multipleOf: must be a number from 0.000000001 to 1,000,000,000,000'),
    ('{"maxLength": 1000000001}', 'p/maxLength maxLength: must be a whole number from 0 to 1,000,000,000'),
    ('{"minimum": "1"}', 'p/minimum minimum: must be a number'),
    ('{"multipleOf": 0}', 'p/multipleOf multipleOf: must be a number from 0.000000001 to 1,000,000,000,000'),
    ('{"minLength": -1, "maxItems": 1.5}', 'p/maxItems maxItems: must be a whole number from 0 to 1,000,000,000; '
     'p/minLength minLength: must be a whole number from 0 to 1,000,000,000'),
    ('{"uniqueItems": 1}', 'p/uniqueItems uniqueItems: must be true or false'),
    ('{"anyOf": []}', 'p/anyOf anyOf: must be an array of schemas, and not an empty one'),
    ('{"anyOf": [{"foo": 1}]}', 'p/anyOf/0/foo keyword: is not one that is checked; leave it out'),
    ('{"items": [{}]}', 'p/items schema: must be an object, or true or false'),
    ('{"pattern": "("}', 'p/pattern pattern: must be a regular expression'), ('{"pattern": 1}',
      'p/pattern pattern: must be a text'),
    ('{"patternProperties": {"(a)\\1": {}}}', 'p/patternProperties/(a)\1 pattern: must have no back references'),
    ('{"$ref": "https://example.org/s.json"}',
      'p/$ref $ref: must be # or #/$defs/<name>, and the definition must be there'),
    ('{"$ref": "#/$defs/none"}', 'p/$ref $ref: must be # or #/$defs/<name>, and the definition must be there'),
    ('{"properties": {"a": {"$ref": "#"}}}', ''), ('{"$ref": "#"}', 'p $ref: goes in a circle'),
    ('{"allOf": [{"oneOf": [{"$ref": "#"}]}]}', 'p $ref: goes in a circle'),
    ('{"definitions": {"a": {"$ref": "#/definitions/a"}}}', 'p/definitions/a $ref: goes in a circle'),
    ('{"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#/$defs/a"}}}}',
     'p/$defs/a $ref: goes in a circle; p/$defs/b $ref: goes in a circle')) as t (schema, faults);
select is(pg_temp.faults(t.schema), 'p type: must be a JSON Schema that says "type": "object"',
  coalesce(t.schema::text, 'none'))
  from (values (null::jsonb), ('true'), ('[]'), ('{}'), ('{"type": "array"}'), ('{"type": ["object"]}')) as t (schema);
select is(pg_temp.faults(jsonb_build_object('type', 'object',
    'properties', jsonb_build_object('pattern', '{"type": "string"}'::jsonb, 'again', '{"pattern": "^s20"}'::jsonb, 'all',
                    jsonb_build_object('allOf', (select jsonb_agg(jsonb_build_object('pattern', '^s' || n))
                                                   from generate_series(1, s.most) n))),
    'patternProperties', (select jsonb_object_agg('^n' || n, true) from generate_series(1, 10) n))),
  case s.most when 20 then '' else 'p pattern: must have at most 30 different patterns' end,
  s.most || ' patterns of values and 10 of names')
  from unnest('{20,21}'::integer[]) as s (most);
select is(jsonb_array_length(core.schema_faults(jsonb_build_object('type', 'object', 'properties',
            (select jsonb_object_agg('p' || n, '{"if": 1, "then": 2}'::jsonb) from generate_series(1, 30) n)), 'p')), 50,
          'and not more is told than anybody reads');
select throws_ok($$ select core.schema_faults(('{"type": "object", "items": ' || repeat('{"items": ',
  40) || '{}' || repeat('}', 41))::jsonb,
  'p') $$, 'VL001', 'The schema is more than 32 steps deep', 'too deep');

select * from finish();
rollback;
