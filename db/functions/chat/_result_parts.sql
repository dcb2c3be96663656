-- core.result_parts: the parts of results that the arguments of a step refer to, each under the name of its step and
-- the pointer behind it; NULL: put into their places they have more than 131,072 bytes.
--
-- Rules   Only steps among needs count. A part that a result does not have is left out.
--         Results are read one by one, and nothing is put together before the sum is known: a few kilobytes of
--         arguments may refer to gigabytes, the same megabyte thousands of times or hundreds of them once.
create or replace function core.result_parts(p_user_id uuid, p_plan_id uuid, p_needs integer[], p_arguments jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_place  record;
  v_step   text;
  v_result jsonb;
  v_part   jsonb;
  v_bytes  bigint := 0;
  v_names  text[] := '{}';
  v_parts  jsonb[] := '{}';
begin
  for v_place in
    select r ->> '$result' as step, coalesce(r ->> 'pointer', '') as pointer, count(*) as times
      from jsonb_path_query(p_arguments, 'strict $.** ? (exists (@."$result"))') r
     group by 1, 2 order by 1
  loop
    if v_place.step is distinct from v_step then
      v_step := v_place.step;
      -- #> unpacks it, once for all its parts.
      v_result := (select n.result #> '{}' from chat.planner_steps n
                    where n.user_id = p_user_id and n.plan_id = p_plan_id and n.step = any (p_needs) and n.name = v_step);
    end if;
    v_part := v_result #> array(
      select replace(replace(s.part, '~1', '/'), '~0', '~')
        from string_to_table(v_place.pointer, '/') with ordinality as s (part, n) where s.n > 1 order by s.n);
    continue when v_part is null;
    v_bytes := v_bytes + v_place.times * octet_length(v_part::text);
    if v_bytes > 131072 then
      return null;
    end if;
    v_names := v_names || (v_place.step || v_place.pointer);
    v_parts := v_parts || v_part;
  end loop;
  return (select coalesce(jsonb_object_agg(p.name, p.part), '{}') from unnest(v_names, v_parts) as p (name, part));
end
$$;

comment on function core.result_parts(uuid, uuid, integer[], jsonb) is
  'The parts of results that the arguments of a step refer to; NULL: they are too large';
