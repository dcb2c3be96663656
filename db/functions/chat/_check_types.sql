-- core.check_types: whether the fields of a conversation, a message or a line of a history, sent as JSON, are of their
-- types, which go by their names. What is null is not there.
--
-- Errors  VL001 the first field that is of another type
create or replace function core.check_types(p_item jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_uuid  constant text := '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';
  v_name  text;
  v_words text;
begin
  for v_name, v_words in
    select e.name, t.words
      from jsonb_each(p_item) as e (name, value)
      join (values ('string', 'a string'), ('number', 'a whole number from 0 to 2147483647'), ('boolean', 'true or false'),
                   ('object', 'an object'), ('array', 'a list'), ('uuid', 'a UUID')) as t (type, words)
        on t.type = case when e.name in ('prompt_tokens', 'completion_tokens', 'version') then 'number'
                         when e.name = 'pinned' then 'boolean'
                         when e.name in ('context', 'metadata') then 'object'
                         when e.name = 'tool_calls' then 'array'
                         when e.name = 'parent_id' then 'uuid' else 'string' end
     where jsonb_typeof(e.value) not in (case t.type when 'uuid' then 'string' else t.type end, 'null')
           or t.type = 'uuid' and e.value #>> '{}' !~ c_uuid
           or t.type = 'number' and (e.value #>> '{}' !~ '^[0-9]{1,10}$'
                                     or (e.value #>> '{}')::bigint > 2147483647)
     order by e.name
  loop
    perform base.raise('VL001', format('%s must be %s', v_name, v_words), v_name);
  end loop;
end
$$;

comment on function core.check_types(jsonb) is 'Refuses a field of a message or conversation that is of another type';
