-- core.json_faults: what in a JSON value a JSON Schema does not allow: an array of {"field", "code", "detail"};
-- empty: nothing. field is p_field and a JSON pointer behind it, detail begins with the keyword that is not kept.
--
-- Rules   core.judge_json says which; format is not enforced. A value and its schema may have 20,000 parts to
--         compare, what takes longer than one counting for several, and at most 50 faults are told.
-- Errors  VL001 the value has more parts than may be looked at, or is more than 64 steps deep
create or replace function core.json_faults(p_value jsonb, p_schema jsonb, p_field text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_path_query_array(j.faults, '$[0 to 49]'), '[]')
    from core.judge_json(p_value, p_schema, p_schema, p_field, 0, 20000) j
$$;

comment on function core.json_faults(jsonb, jsonb, text) is 'What in a JSON value a JSON Schema does not allow';
