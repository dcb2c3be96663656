-- core.default_preferences: what holds for who chose nothing, as one document.
create or replace function core.default_preferences()
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_document jsonb := '{}';
  v_branch   jsonb;
  v_default  record;
begin
  for v_default in
    select string_to_array(d.name, '.') as path, d.default_value from auth.preference_defaults d order by d.name
  loop
    v_branch := v_default.default_value;
    for i in reverse cardinality(v_default.path)..1 loop
      v_branch := jsonb_build_object(v_default.path[i], v_branch);
    end loop;
    v_document := core.merge_patch(v_document, v_branch);
  end loop;
  return v_document;
end
$$;

comment on function core.default_preferences() is 'What holds for who chose nothing, as one document';
