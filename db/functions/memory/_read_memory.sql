-- core.read_memory: a memory out of the JSON object that a caller sent in a list. What it does not name is as
-- create_memory has it. Its vector, if it has one, is no column of a memory: the caller takes it out.
--
-- Errors  VL001 not an object, or a field is of another type; VL002 there is no such field
create or replace function core.read_memory(p_user_id uuid, p_item jsonb, p_path text)
returns memory.semantic_memories
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_types constant jsonb :=
    '{"content": "string", "kind": "string", "importance": "number", "metadata": "object", "conversation_id": "uuid",
      "valid_from": "time", "valid_to": "time", "expires_at": "time", "qdrant_collection": "string",
      "qdrant_point_id": "string", "embedding": "vector"}';
  v_memory memory.semantic_memories;
  v_field  text;
  v_value  jsonb;
  v_type   text;
begin
  if jsonb_typeof(p_item) <> 'object' then
    perform base.raise('VL001', 'a memory must be an object', rtrim(p_path, '.'));
  end if;
  for v_field, v_value, v_type in
    select f.key, f.value, c_types ->> f.key from jsonb_each(p_item) f
  loop
    if v_type is null then
      perform base.raise('VL002', format('%s is not a field of a memory', left(v_field, 60)), p_path || left(v_field, 60));
    elsif v_value <> 'null' and not (case v_type
                when 'uuid' then jsonb_typeof(v_value) = 'string'
                             and v_value #>> '{}' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                when 'time' then jsonb_typeof(v_value) = 'string' and v_value #>> '{}' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}'
                             and pg_input_is_valid(v_value #>> '{}', 'timestamptz')
                when 'vector' then jsonb_typeof(v_value) = 'array'
                               and case when jsonb_typeof(v_value) = 'array' then jsonb_array_length(v_value) between 1 and 16000
                                   end
                               and not jsonb_path_exists(v_value, 'strict $[*] ? (@.type() != "number" || @ < -1e38 || @ > 1e38)')
                else jsonb_typeof(v_value) = v_type end)
    then
      perform base.raise('VL001', format('%s must be %s', v_field, case v_type
                           when 'string' then 'text'
                           when 'number' then 'a number'
                           when 'object' then 'an object'
                           when 'uuid' then 'a UUID'
                           when 'vector' then 'a list of 1 to 16,000 numbers, each from -1e38 to 1e38'
                           else 'a time like 2026-01-31T12:00:00Z' end), p_path || v_field);
    end if;
  end loop;
  v_memory := jsonb_populate_record(v_memory, p_item);
  v_memory.user_id := p_user_id;
  return v_memory;
end
$$;

comment on function core.read_memory(uuid, jsonb, text) is 'A memory out of the JSON object that a caller sent';
