-- core.fill_arguments: the arguments of a step with the results of others in their places. p_parts has them as
-- core.result_parts puts them together. A part that a result does not have is null.
create or replace function core.fill_arguments(p_arguments jsonb, p_parts jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_arguments ? '$result' and jsonb_typeof(p_arguments) = 'object' then
    return coalesce(p_parts -> concat(p_arguments ->> '$result', p_arguments ->> 'pointer'), 'null');
  elsif jsonb_typeof(p_arguments) = 'object' then
    return (select coalesce(jsonb_object_agg(e.key, core.fill_arguments(e.value, p_parts)), '{}')
              from jsonb_each(p_arguments) e);
  elsif jsonb_typeof(p_arguments) = 'array' then
    return (select coalesce(jsonb_agg(core.fill_arguments(e.value, p_parts) order by e.n), '[]')
              from jsonb_array_elements(p_arguments) with ordinality as e (value, n));
  end if;
  return p_arguments;
end
$$;

comment on function core.fill_arguments(jsonb, jsonb) is
  'The arguments of a step with the results of others in their places';
