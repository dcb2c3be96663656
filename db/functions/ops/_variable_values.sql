-- core.variable_values: what stands for each variable of a function when its queries are planned: an expression, or ?
-- and a type where the value is not known before it runs.
--
-- Rules   An argument is what p_arguments says (by its name without p_), else its default. What assigns to an argument
--         makes its default unknown.
--         An argument that may hold a secret, by its name or because it is JSON, is never known, whatever was given:
--         plans show values.
--         A variable that is declared with an expression and never assigned to is that expression, if it asks no
--         function of ours and no volatile one.
create or replace function core.variable_values(
  p_function  oid,
  p_parts     jsonb,
  p_role      text,
  p_arguments jsonb,
  p_user      uuid default null,
  p_table     regclass default null
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_assigned text[] := array(select s.name from jsonb_to_recordset(p_parts) as s (kind text, name text)
                              where s.kind = 'assigned');
  v_values   jsonb := (select case l.lanname when 'plpgsql' then '{"found": "?boolean"}'::jsonb else '{}' end
                         from pg_proc p join pg_language l on l.oid = p.prolang where p.oid = p_function);
  v_given    jsonb;
  v_names    text[] := (select p.proargnames from pg_proc p where p.oid = p_function);
  v_variable record;
  v_code     text;
begin
  if p_table is not null then
    v_values := v_values || jsonb_build_object(
      'new', '?' || p_table, 'old', '?' || p_table, 'tg_argv', '?text[]', 'tg_op', '?text', 'tg_name', '?name',
      'tg_when', '?text', 'tg_level', '?text', 'tg_nargs', '?integer', 'tg_relid', '?oid',
      'tg_table_schema', '?name', 'tg_table_name', '?name');
  end if;

  for v_variable in
    select a.name, format_type(a.type, null) as type, a.n::integer as n, a.mode
      from pg_proc p
     cross join lateral unnest(p.proargnames, coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargmodes)
       with ordinality as a (name, type, mode, n)
     where p.oid = p_function and a.name <> ''
  loop
    v_given := p_arguments -> substr(v_variable.name, 3);
    v_values := v_values || jsonb_build_object(v_variable.name, case
      when v_variable.mode in ('t', 'o') or v_variable.name ~ '(password|secret|token|code|key|totp)'
        or v_variable.type in ('json', 'jsonb', 'bytea')
      then '?' || v_variable.type
      when v_variable.name = 'p_user_id' and p_user is not null then format('%L::uuid', p_user)
      when v_given <> 'null' then
        format('%L::%s', case
          when jsonb_typeof(v_given) = 'array' and v_variable.type like '%[]' then
            array(select jsonb_array_elements_text(v_given))::text
          else v_given #>> '{}' end, v_variable.type)
      when v_variable.name = any (v_assigned) then '?' || v_variable.type
      else coalesce('(' || pg_get_function_arg_default(p_function, v_variable.n) || ')::', '?') || v_variable.type end);
  end loop;

  for v_variable in
    select s.name, s.type, s.code,
           s.name <> all (v_assigned) and s.code <> '' and s.code !~* '\mselect\M|\.[a-z_0-9]+\('
             and not exists (select from regexp_matches(s.code, '\m([a-z_0-9]+)\(', 'g') m
                               join pg_proc p on p.proname = m[1] and p.provolatile <> 'i') as fixed
      from jsonb_to_recordset(p_parts) as s (kind text, name text, type text, code text)
     where s.kind = 'variable'
  loop
    v_code := case when v_variable.fixed then core.bound_code(v_variable.code, '', v_values, v_names) end;
    v_values := v_values || jsonb_build_object(v_variable.name, case
      when v_variable.type like '%\%%' then '?'
      when v_code !~ '\$[0-9]' then format('(%s)::%s', v_code, v_variable.type)
      else '?' || v_variable.type end);
  end loop;

  -- The fields of a record are those of the query that fills it.
  for v_variable in
    select distinct on (s.name) s.name, s.code
      from jsonb_to_recordset(p_parts) as s (kind text, name text, type text, code text)
     where s.kind = 'assigned' and s.code ~* '^(select|with|values)\M' and v_values ->> s.name = '?record'
  loop
    v_code := core.bound_code(v_variable.code, (select p.proname from pg_proc p where p.oid = p_function), v_values);
    select v_values || coalesce(jsonb_object_agg(v_variable.name || '.' || c.key, '?' || (c.value #>> '{}')), '{}')
      into v_values
      from core.plan_as(p_role, regexp_replace(v_code, '\$[0-9]+', 'null', 'g'), 'columns') s
     cross join lateral jsonb_each(s.plan) c;
  end loop;
  return v_values;
end
$$;

comment on function core.variable_values(oid, jsonb, text, jsonb, uuid, regclass) is
  'What stands for each variable of a function when its queries are planned';
