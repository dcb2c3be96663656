-- core.judge_json: what in a JSON value a JSON Schema does not allow. Calls itself for every part; core.json_faults
-- is what others call.
--
-- Rules   JSON Schema 2020-12, as far as core.schema_faults lets a schema use it. Of a part whose type is wrong
--         nothing else is said. Of a choice (anyOf) that fails with only one form of the right type, the faults of
--         that form are told. p_left is how many parts may still be looked at, and comes back as what is left. What
--         takes longer than a part counts for as many as it takes the time of: long values and schemas, items that
--         must be unique, values of an enum, texts for a pattern, names for those of patternProperties.
-- Errors  VL001 more than 64 steps deep, or more parts than may be looked at
create or replace function core.judge_json(
  p_value       jsonb,
  p_schema      jsonb,
  p_root        jsonb,
  p_at          text,
  p_depth       integer,
  inout p_left  integer,
  out faults    jsonb
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_type   text;
  v_number numeric;
  v_text   text;
  v_size   integer;
  v_name   text;
  v_part   jsonb;
  v_rule   jsonb;
  v_found  jsonb;
  v_fits   jsonb;
  v_fitted integer := 0;
  v_passed integer := 0;
  v_known  boolean;
begin
  faults := '[]';
  p_left := core.spend_parts(case when p_depth <= 64 then p_left else 0 end,
                             1 + (pg_column_size(p_value) + pg_column_size(p_schema)) / 4096, p_at);
  if jsonb_typeof(p_schema) <> 'object' then
    if p_schema = 'false' then
      faults := jsonb_build_array(core.json_fault(p_at, 'false', 'nothing is allowed here'));
    end if;
    return;
  end if;

  v_type := jsonb_typeof(p_value);
  if v_type = 'number' then
    v_number := p_value::numeric;
  end if;
  v_rule := p_schema -> 'type';
  if v_rule is not null and not v_rule @> to_jsonb(v_type)
     and (v_type <> 'number' or not v_rule @> '"integer"' or v_number <> trunc(v_number))
  then
    faults := jsonb_build_array(core.json_fault(p_at, 'type', format('must be %s, not %s',
      (select string_agg(t #>> '{}', ' or ') from jsonb_path_query(v_rule, '$[*]') t), v_type)));
    return;
  end if;

  if p_schema ? 'enum' then
    v_rule := p_schema -> 'enum';
    -- @> of a text, number, boolean or null means equal; of an object or array it means less.
    if v_type in ('object', 'array') then
      p_left := core.spend_parts(p_left, jsonb_array_length(v_rule) / 5, p_at);
      v_known := exists (select from jsonb_array_elements(v_rule) e where e = p_value);
    else
      p_left := core.spend_parts(p_left, jsonb_array_length(v_rule) / 50, p_at);
      v_known := v_rule @> jsonb_build_array(p_value);
    end if;
    if not v_known then
      faults := faults || core.json_fault(p_at, 'enum', 'must be one of '
                                          || left(jsonb_path_query_array(v_rule, '$[0 to 99]')::text, 300));
    end if;
  end if;
  if p_schema -> 'const' <> p_value then
    faults := faults || core.json_fault(p_at, 'const', 'must be ' || left((p_schema -> 'const')::text, 300));
  end if;

  if v_type = 'number' then
    if v_number < (p_schema ->> 'minimum')::numeric then
      faults := faults || core.json_fault(p_at, 'minimum', 'must be at least ' || (p_schema ->> 'minimum'));
    end if;
    if v_number > (p_schema ->> 'maximum')::numeric then
      faults := faults || core.json_fault(p_at, 'maximum', 'must be at most ' || (p_schema ->> 'maximum'));
    end if;
    if v_number <= (p_schema ->> 'exclusiveMinimum')::numeric then
      faults := faults || core.json_fault(p_at, 'exclusiveMinimum', 'must be more than ' || (p_schema ->> 'exclusiveMinimum'));
    end if;
    if v_number >= (p_schema ->> 'exclusiveMaximum')::numeric then
      faults := faults || core.json_fault(p_at, 'exclusiveMaximum', 'must be less than ' || (p_schema ->> 'exclusiveMaximum'));
    end if;
    if v_number % (p_schema ->> 'multipleOf')::numeric <> 0 then
      faults := faults || core.json_fault(p_at, 'multipleOf', 'must be a multiple of ' || (p_schema ->> 'multipleOf'));
    end if;

  elsif v_type = 'string' then
    v_text := p_value #>> '{}';
    if length(v_text) < (p_schema ->> 'minLength')::numeric then
      faults := faults || core.json_fault(p_at, 'minLength', format('must have at least %s characters', p_schema ->> 'minLength'));
    end if;
    if length(v_text) > (p_schema ->> 'maxLength')::numeric then
      faults := faults || core.json_fault(p_at, 'maxLength', format('must have at most %s characters', p_schema ->> 'maxLength'));
    end if;
    if p_schema ? 'pattern' then
      if length(v_text) > 4096 then
        faults := faults || core.json_fault(p_at, 'pattern', 'must have at most 4,096 characters to be matched');
      else
        p_left := core.spend_parts(p_left, length(v_text) / 8, p_at);
        if v_text !~ (p_schema ->> 'pattern') then
          faults := faults || core.json_fault(p_at, 'pattern', 'must match ' || (p_schema ->> 'pattern'));
        end if;
      end if;
    end if;

  elsif v_type = 'array' then
    v_size := jsonb_array_length(p_value);
    if v_size < (p_schema ->> 'minItems')::numeric then
      faults := faults || core.json_fault(p_at, 'minItems', format('must have at least %s items', p_schema ->> 'minItems'));
    end if;
    if v_size > (p_schema ->> 'maxItems')::numeric then
      faults := faults || core.json_fault(p_at, 'maxItems', format('must have at most %s items', p_schema ->> 'maxItems'));
    end if;
    if p_schema -> 'uniqueItems' = 'true' then
      p_left := core.spend_parts(p_left, pg_column_size(p_value) / 64, p_at);
      if (select count(distinct e) from jsonb_array_elements(p_value) e) < v_size then
        faults := faults || core.json_fault(p_at, 'uniqueItems', 'must not have two equal items');
      end if;
    end if;
    if p_schema ?| '{prefixItems,items}' then
      for i in 0..v_size - 1 loop
        exit when jsonb_array_length(faults) >= 50;
        v_rule := coalesce(p_schema -> 'prefixItems' -> i, p_schema -> 'items', 'true');
        select j.* into p_left, v_found
          from core.judge_json(p_value -> i, v_rule, p_root, p_at || '/' || i, p_depth + 1, p_left) j;
        faults := faults || v_found;
      end loop;
    end if;

  elsif v_type = 'object' then
    v_rule := coalesce(p_schema -> 'required', '[]');
    p_left := core.spend_parts(p_left, jsonb_array_length(v_rule) / 10, p_at);
    for v_name in select r #>> '{}' from jsonb_array_elements(v_rule) r where not p_value ? (r #>> '{}') limit 50 loop
      faults := faults || core.json_fault(core.json_step(p_at, v_name), 'required', 'is missing', 'VL003');
    end loop;
    if p_schema ?| '{minProperties,maxProperties}' then
      v_size := (select count(*) from jsonb_object_keys(p_value));
      p_left := core.spend_parts(p_left, v_size / 50, p_at);
      if v_size < (p_schema ->> 'minProperties')::numeric then
        faults := faults || core.json_fault(p_at, 'minProperties',
                                            format('must have at least %s properties', p_schema ->> 'minProperties'));
      end if;
      if v_size > (p_schema ->> 'maxProperties')::numeric then
        faults := faults || core.json_fault(p_at, 'maxProperties',
                                            format('must have at most %s properties', p_schema ->> 'maxProperties'));
      end if;
    end if;
    if p_schema ?| '{properties,patternProperties,additionalProperties,propertyNames}' then
      v_size := (select count(*) from jsonb_object_keys(coalesce(p_schema -> 'patternProperties', '{}')));
      for v_name, v_part in select e.key, e.value from jsonb_each(p_value) e loop
        exit when jsonb_array_length(faults) >= 50;
        v_rule := p_schema -> 'properties' -> v_name;
        v_known := v_rule is not null;
        if v_known then
          select j.* into p_left, v_found
            from core.judge_json(v_part, v_rule, p_root, core.json_step(p_at, v_name), p_depth + 1, p_left) j;
          faults := faults || v_found;
        end if;
        if v_size > 0 then
          p_left := core.spend_parts(p_left, v_size * (1 + least(length(v_name), 4096) / 8), p_at);
          for v_rule in
            select e.value from jsonb_each(p_schema -> 'patternProperties') e where left(v_name, 4096) ~ e.key
          loop
            v_known := true;
            select j.* into p_left, v_found
              from core.judge_json(v_part, v_rule, p_root, core.json_step(p_at, v_name), p_depth + 1, p_left) j;
            faults := faults || v_found;
          end loop;
        end if;
        if not v_known then
          v_rule := coalesce(p_schema -> 'additionalProperties', 'true');
          if v_rule = 'false' then
            faults := faults || core.json_fault(core.json_step(p_at, v_name), 'additionalProperties',
                                                'is none of the properties', 'VL002');
          end if;
          if v_rule in ('true', 'false') then
            p_left := core.spend_parts(p_left, 1, p_at);
          else
            select j.* into p_left, v_found
              from core.judge_json(v_part, v_rule, p_root, core.json_step(p_at, v_name), p_depth + 1, p_left) j;
            faults := faults || v_found;
          end if;
        end if;
        if p_schema ? 'propertyNames' then
          select j.* into p_left, v_found
            from core.judge_json(to_jsonb(v_name), p_schema -> 'propertyNames', p_root, core.json_step(p_at, v_name),
                                 p_depth + 1, p_left) j;
          faults := faults || v_found;
        end if;
      end loop;
    end if;
  end if;

  if p_schema ? '$ref' then
    select j.* into p_left, v_found
      from core.judge_json(p_value, core.json_reference(p_root, p_schema ->> '$ref'), p_root, p_at, p_depth + 1, p_left) j;
    faults := faults || v_found;
  end if;

  for v_rule in select a from jsonb_array_elements(coalesce(p_schema -> 'allOf', '[]')) a loop
    exit when jsonb_array_length(faults) >= 50;
    select j.* into p_left, v_found from core.judge_json(p_value, v_rule, p_root, p_at, p_depth + 1, p_left) j;
    faults := faults || v_found;
  end loop;

  if p_schema ? 'anyOf' then
    for v_rule in select a from jsonb_array_elements(p_schema -> 'anyOf') a loop
      select j.* into p_left, v_found from core.judge_json(p_value, v_rule, p_root, p_at, p_depth + 1, p_left) j;
      v_passed := v_passed + (v_found = '[]')::integer;
      exit when v_passed > 0;
      if v_found -> 0 ->> 'field' <> p_at or v_found -> 0 ->> 'detail' not like 'type: %' then
        v_fits := v_found;
        v_fitted := v_fitted + 1;
      end if;
    end loop;
    if v_passed = 0 then
      faults := faults || case v_fitted when 1 then v_fits else
        core.json_fault(p_at, 'anyOf', format('must have one of %s forms', jsonb_array_length(p_schema -> 'anyOf'))) end;
    end if;
  end if;

  if p_schema ? 'oneOf' then
    v_passed := 0;
    for v_rule in select a from jsonb_array_elements(p_schema -> 'oneOf') a loop
      select j.* into p_left, v_found from core.judge_json(p_value, v_rule, p_root, p_at, p_depth + 1, p_left) j;
      v_passed := v_passed + (v_found = '[]')::integer;
      exit when v_passed > 1;
    end loop;
    if v_passed <> 1 then
      faults := faults || core.json_fault(p_at, 'oneOf', format('must have exactly one of %s forms, and has %s',
        jsonb_array_length(p_schema -> 'oneOf'), case v_passed when 0 then 'none' else 'several' end));
    end if;
  end if;

  if p_schema ? 'not' then
    select j.* into p_left, v_found from core.judge_json(p_value, p_schema -> 'not', p_root, p_at, p_depth + 1, p_left) j;
    if v_found = '[]' then
      faults := faults || core.json_fault(p_at, 'not', 'must not have this form');
    end if;
  end if;
end
$$;

comment on function core.judge_json(jsonb, jsonb, jsonb, text, integer, integer) is
  'What in a JSON value a JSON Schema does not allow, part by part';
