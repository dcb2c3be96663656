-- core.schema_faults: what is wrong with a JSON Schema of arguments: an array of {"field", "code", "detail"}; empty:
-- nothing.
--
-- Rules   It says {"type": "object"}, since arguments have names. Keywords of JSON Schema 2020-12 that describe calls
--         of functions are checked: type, enum, const, $ref, $defs (definitions), allOf, anyOf, oneOf, not,
--         properties, patternProperties, additionalProperties, propertyNames, required, minProperties, maxProperties,
--         items, prefixItems, minItems, maxItems, uniqueItems, minLength, maxLength, pattern, minimum, maximum,
--         exclusiveMinimum, exclusiveMaximum, multipleOf. Those that only tell something (title, description,
--         default, examples, format, x-… and the like) may stand there. Any other is refused: a rule that nobody
--         keeps is worse than none.
--         It is at most 32 steps deep, and has at most 30 different patterns: so many PostgreSQL keeps prepared, and of
--         more each would be prepared again for every text. References lead inside the schema, and in no circle that
--         never reaches a part.
create or replace function core.schema_faults(p_schema jsonb, p_field text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_faults jsonb;
begin
  if jsonb_typeof(p_schema) is distinct from 'object' or p_schema -> 'type' is distinct from '"object"' then
    return jsonb_build_array(core.json_fault(p_field, 'type', 'must be a JSON Schema that says "type": "object"'));
  end if;
  v_faults := core.judge_schema(p_schema, p_schema, p_field, 0);
  if v_faults <> '[]' then
    return jsonb_path_query_array(v_faults, '$[0 to 49]');
  end if;
  if (select count(*)
        from (select r ->> 'pattern' from jsonb_path_query(p_schema, 'strict $.** ? (exists (@.pattern))') r
               where jsonb_typeof(r -> 'pattern') = 'string'
               union
              select k from jsonb_path_query(p_schema, 'strict $.** ? (@.patternProperties.type() == "object")') r
               cross join lateral jsonb_object_keys(r -> 'patternProperties') k) p) > 30
  then
    return jsonb_build_array(core.json_fault(p_field, 'pattern', 'must have at most 30 different patterns'));
  end if;

  -- A circle of references that leads through no property and no item would never end.
  return coalesce((
    with recursive part (home, schema) as (
      select '#', p_schema
      union all
      select core.json_step('#/' || k.name, e.key), e.value
        from unnest('{$defs,definitions}'::text[]) as k (name)
       cross join lateral jsonb_each(coalesce(p_schema -> k.name, '{}')) e
       where jsonb_typeof(e.value) = 'object'
    ), in_place (home, schema) as (
      select p.home, p.schema from part p
      union all
      select i.home, a.item
        from in_place i
       cross join lateral jsonb_path_query(jsonb_build_array(i.schema -> 'allOf', i.schema -> 'anyOf', i.schema -> 'oneOf',
                                                             i.schema -> 'not'), 'lax $[*][*]') as a (item)
       where jsonb_typeof(a.item) = 'object'
    ), leads (home, target) as (
      select i.home, i.schema ->> '$ref' from in_place i where i.schema ? '$ref'
    ), reached (home, target) as (
      select l.home, l.target from leads l
      union
      select r.home, l.target from reached r join leads l on l.home = r.target
    )
    select jsonb_agg(core.json_fault(p_field || ltrim(r.home, '#'), '$ref', 'goes in a circle') order by r.home)
      from reached r where r.home = r.target), '[]');
end
$$;

comment on function core.schema_faults(jsonb, text) is 'What is wrong with a JSON Schema of arguments';
