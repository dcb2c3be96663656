-- core.judge_schema: what in a JSON Schema cannot be kept to. Calls itself for every part; core.schema_faults is what
-- others call.
--
-- Errors  VL001 more than 32 steps deep
create or replace function core.judge_schema(p_schema jsonb, p_root jsonb, p_at text, p_depth integer)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_faults jsonb := '[]';
  v_key    text;
  v_rule   jsonb;
  v_type   text;
  v_at     text;
  v_name   text;
  v_part   jsonb;
  v_says   text;
begin
  if p_depth > 32 then
    perform base.raise('VL001', 'The schema is more than 32 steps deep', split_part(p_at, '/', 1));
  end if;
  if jsonb_typeof(p_schema) = 'boolean' then
    return v_faults;
  end if;
  if jsonb_typeof(p_schema) <> 'object' then
    return jsonb_build_array(core.json_fault(p_at, 'schema', 'must be an object, or true or false'));
  end if;

  for v_key, v_rule in select e.key, e.value from jsonb_each(p_schema) e loop
    v_type := jsonb_typeof(v_rule);
    v_at := core.json_step(p_at, v_key);
    v_says := null;
    case
      when v_key = 'type' then
        if v_type not in ('string', 'array') or v_rule = '[]' or exists (
             select from jsonb_path_query(v_rule, '$[*]') t
              where t not in ('"null"', '"boolean"', '"object"', '"array"', '"number"', '"string"', '"integer"'))
        then
          v_says := 'must be null, boolean, object, array, number, string, integer, or several of them';
        end if;
      when v_key in ('enum', 'required') then
        if v_type <> 'array' then
          v_says := 'must be an array';
        elsif jsonb_array_length(v_rule) > 1000 or v_key = 'enum' and v_rule = '[]' then
          v_says := 'must have at most 1,000 items' || case v_key when 'enum' then ', and at least one' else '' end;
        elsif v_key = 'required' and exists (select from jsonb_array_elements(v_rule) r where jsonb_typeof(r) <> 'string') then
          v_says := 'must be an array of names';
        end if;
      when v_key = 'const' then
        null;
      when v_key in ('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum') then
        if v_type <> 'number' then
          v_says := 'must be a number';
        end if;
      when v_key = 'multipleOf' then
        if not (case v_type when 'number' then v_rule::numeric between 0.000000001 and 1000000000000 else false end) then
          v_says := 'must be a number from 0.000000001 to 1,000,000,000,000';
        end if;
      when v_key in ('minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties') then
        if not (case v_type when 'number' then v_rule::numeric between 0 and 1000000000 and v_rule::numeric % 1 = 0
                            else false end)
        then
          v_says := 'must be a whole number from 0 to 1,000,000,000';
        end if;
      when v_key = 'pattern' then
        v_says := case v_type when 'string' then core.pattern_fault(v_rule #>> '{}') else 'must be a text' end;
      when v_key = 'uniqueItems' then
        if v_type <> 'boolean' then
          v_says := 'must be true or false';
        end if;
      when v_key = '$ref' then
        if v_type <> 'string' or core.json_reference(p_root, v_rule #>> '{}') is null then
          v_says := 'must be # or #/$defs/<name>, and the definition must be there';
        end if;
      when v_key in ('items', 'additionalProperties', 'propertyNames', 'not') then
        v_faults := v_faults || core.judge_schema(v_rule, p_root, v_at, p_depth + 1);
      when v_key in ('prefixItems', 'allOf', 'anyOf', 'oneOf') then
        if v_type <> 'array' or v_rule = '[]' then
          v_says := 'must be an array of schemas, and not an empty one';
        else
          for i in 0..jsonb_array_length(v_rule) - 1 loop
            v_faults := v_faults || core.judge_schema(v_rule -> i, p_root, v_at || '/' || i, p_depth + 1);
          end loop;
        end if;
      when v_key in ('properties', 'patternProperties', '$defs', 'definitions') then
        if v_type <> 'object' then
          v_says := 'must be an object of schemas';
        else
          for v_name, v_part in select e.key, e.value from jsonb_each(v_rule) e loop
            if v_key = 'patternProperties' and core.pattern_fault(v_name) is not null then
              v_faults := v_faults || core.json_fault(core.json_step(v_at, v_name), 'pattern', core.pattern_fault(v_name));
            end if;
            v_faults := v_faults || core.judge_schema(v_part, p_root, core.json_step(v_at, v_name), p_depth + 1);
          end loop;
        end if;
      when v_key in ('title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly', 'format',
                     'contentEncoding', 'contentMediaType', '$comment', '$schema', '$id', 'discriminator')
           or v_key like 'x-%' then
        null;  -- says something to people and programs, and nothing is checked by it
      else
        v_faults := v_faults || core.json_fault(v_at, 'keyword', 'is not one that is checked; leave it out', 'VL002');
    end case;
    if v_says is not null then
      v_faults := v_faults || core.json_fault(v_at, v_key, v_says);
    end if;
    exit when jsonb_array_length(v_faults) >= 50;
  end loop;
  return v_faults;
end
$$;

comment on function core.judge_schema(jsonb, jsonb, text, integer) is
  'What in a JSON Schema cannot be kept to, part by part';
