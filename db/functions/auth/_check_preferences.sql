-- core.check_preferences: refuses a patch that names what cannot be preferred, or prefers what is not allowed.
--
-- Rules   A name is one of auth.preference_defaults, or the beginning of some; null clears either.
--         Below a name of type object anything goes.
-- Errors  VL002 an unknown name; VL001 a value of another type, not among the allowed, or out of bounds. The field is
--         the path: notifications.email
create or replace function core.check_preferences(p_patch jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_item record;
begin
  if jsonb_typeof(p_patch) is distinct from 'object' then
    perform base.raise('VL001', 'preferences must be an object', 'preferences');
  end if;

  for v_item in
    with recursive walk as (
      -- A dot in a key is no level: escaped, it names nothing.
      select n.name, e.value, d.name is not null as known
        from jsonb_each(p_patch) e
       cross join lateral (select replace(e.key, '.', '\.') as name) n
        left join auth.preference_defaults d on d.name = n.name
      union all
      select n.name, e.value, d.name is not null
        from walk w
       cross join lateral jsonb_each(w.value) e
       cross join lateral (select w.name || '.' || replace(e.key, '.', '\.') as name) n
        left join auth.preference_defaults d on d.name = n.name
       -- A CASE: jsonb_each must not meet what is no object.
       where case when not w.known then jsonb_typeof(w.value) = 'object' else false end
    )
    select w.name, w.value, jsonb_typeof(w.value) as type, w.known, d.type as wanted, d.allowed, d.minimum, d.maximum,
           exists (select from auth.preference_defaults g where starts_with(g.name, w.name || '.')) as branch
      from walk w
      left join auth.preference_defaults d on d.name = w.name
     order by w.name
  loop
    -- CASE stands in parentheses: PL/pgSQL ends the condition at the first THEN outside of them.
    if not v_item.known and not v_item.branch then
      -- "" names nothing, not even in an error.
      perform base.raise('VL002', format('There is no preference %s', coalesce(nullif(left(v_item.name, 100), ''), '""')),
                         coalesce(nullif(left(v_item.name, 100), ''), 'preferences'));
    elsif v_item.type = 'null' then
      continue;
    elsif not v_item.known then
      if v_item.type <> 'object' then
        perform base.raise('VL001', format('%s must be an object', v_item.name), v_item.name);
      end if;
    elsif v_item.type <> (case v_item.wanted when 'integer' then 'number' when 'text' then 'string' else v_item.wanted end)
          or v_item.wanted = 'integer' and v_item.value::numeric <> trunc(v_item.value::numeric)
    then
      perform base.raise('VL001',
        format('%s must be %s', v_item.name, case v_item.wanted when 'boolean' then 'true or false'
          when 'integer' then 'a whole number' when 'text' then 'a string' else 'an object' end), v_item.name);
    elsif not coalesce(v_item.allowed @> jsonb_build_array(v_item.value), true) then
      perform base.raise('VL001',
        format('%s must be one of %s', v_item.name,
               (select string_agg(a, ', ') from jsonb_array_elements_text(v_item.allowed) a)), v_item.name);
    elsif not (case v_item.wanted
                 when 'integer' then v_item.value::numeric
                 when 'text' then length(v_item.value #>> '{}')
                 when 'object' then octet_length(v_item.value::text)
               end) between coalesce(v_item.minimum, '-Infinity') and coalesce(v_item.maximum, 'Infinity')
    then
      perform base.raise('VL001',
        format('%s must %s', v_item.name, case v_item.wanted
          when 'integer' then format('be from %s to %s', v_item.minimum, v_item.maximum)
          when 'text' then format('have %s to %s characters', coalesce(v_item.minimum, 0), v_item.maximum)
          else format('have at most %s bytes', v_item.maximum) end), v_item.name);
    end if;
  end loop;
end
$$;

comment on function core.check_preferences(jsonb) is
  'Refuses a patch that names what cannot be preferred, or prefers what is not allowed';
