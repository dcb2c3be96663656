-- core.merge_patch: applies a JSON merge patch as RFC 7396 has it: objects are merged name by name, null removes, and
-- everything else takes the place of what was there.
create or replace function core.merge_patch(p_target jsonb, p_patch jsonb)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result jsonb;
  v_name   text;
  v_value  jsonb;
begin
  if jsonb_typeof(p_patch) is distinct from 'object' then
    return p_patch;
  end if;

  v_result := case when jsonb_typeof(p_target) = 'object' then p_target else '{}' end;
  for v_name, v_value in select e.key, e.value from jsonb_each(p_patch) e loop
    if v_value = 'null' then
      v_result := v_result - v_name;
    elsif jsonb_typeof(v_value) = 'object' then
      v_result := jsonb_set(v_result, array[v_name], core.merge_patch(v_result -> v_name, v_value));
    else
      v_result := jsonb_set(v_result, array[v_name], v_value);
    end if;
  end loop;
  return v_result;
end
$$;

comment on function core.merge_patch(jsonb, jsonb) is 'Applies a JSON merge patch (RFC 7396)';
