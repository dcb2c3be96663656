-- core.explain_function: the plan of every query in a function, and in every function that it calls or whose trigger it
-- can set off, the nearest first.
--
-- Rules   Each is planned as the role it runs as: a SECURITY DEFINER function as its owner, any other as its caller.
--         What p_arguments says is for the function itself; arguments of the functions it calls are not known.
--         With p_analyze, queries of functions that only read are executed where they can be, under the identity of the
--         user this statement acts for; p_user is that user, and stands for p_user_id in the plans.
create or replace function core.explain_function(
  p_function  oid,
  p_arguments jsonb default '{}',
  p_user      uuid default null,
  p_analyze   boolean default false
)
returns table (
  step      integer,
  depth     integer,
  function  text,
  line      integer,
  statement text,
  notes     text[],
  plan_text text,
  plan      jsonb
)
language plpgsql
volatile
rows 20
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_functions oid[] := array[p_function];
  v_roles     text[] := array['plinth_owner'];
  v_tables    oid[] := array[null::oid];
  v_depths    integer[] := '{0}';
  v_seen      text[] := '{}';
  v_number    integer := 1;
  v_proc      pg_proc;
  v_role      text;
  v_key       text;
  v_parts     jsonb;
  v_values    jsonb;
  v_names     text[];
  v_part      record;
  v_called    oid[];
begin
  step := 0;
  while v_number <= cardinality(v_functions) loop
    select p.* into v_proc from pg_proc p where p.oid = v_functions[v_number];
    v_role := case when v_proc.prosecdef then v_proc.proowner::regrole::text else v_roles[v_number] end;
    v_key := concat_ws(' ', v_proc.oid, v_role, v_tables[v_number]);
    if v_key = any (v_seen) then
      v_number := v_number + 1;
      continue;
    end if;
    v_seen := v_seen || v_key;

    depth := v_depths[v_number];
    function := v_proc.oid::regproc;
    v_parts := (select jsonb_agg(s) from core.function_parts(v_proc.oid) s);
    v_values := core.variable_values(v_proc.oid, v_parts, v_role, case when v_number = 1 then p_arguments else '{}' end,
                                     case when v_number = 1 then p_user end, v_tables[v_number]);
    v_names := array(select k from jsonb_object_keys(v_values) k where k ~ '^[a-z]' and k !~ '^[pvc]_|\.');

    for v_part in
      select s.* from jsonb_to_recordset(v_parts) as s (line integer, kind text, written text, code text)
       where s.kind in ('query', 'expression', 'dynamic')
    loop
      v_called := array(select core.functions_named(v_part.code));
      line := v_part.line;
      statement := v_part.written;
      notes := '{}';
      plan := null;
      plan_text := null;

      if v_part.kind = 'dynamic' then
        notes := array['dynamic: its text comes about only when it runs, so it is not planned'];
        step := step + 1;
        return next;
      elsif v_part.kind = 'query' then
        select s.plan, s.plan_text, s.notes into plan, plan_text, notes
          from core.plan_part(v_role, v_part.code, v_proc.proname, v_values, v_names,
                              p_analyze and v_proc.provolatile <> 'v') s;
        if p_analyze and v_proc.provolatile = 'v' then
          notes := array['not executed: the function may write'] || notes;
        end if;
        v_called := v_called || array(select core.functions_named(plan::text));
        if plan is null or jsonb_path_exists(plan, 'strict $.**."Relation Name"') then
          step := step + 1;
          return next;
        end if;

        select v_functions || coalesce(array_agg(t.function), '{}'), v_tables || coalesce(array_agg(t.on_table::oid), '{}')
          into v_functions, v_tables
          from core.triggers_fired(plan) t;
      end if;

      v_functions := v_functions || v_called;
      v_tables := v_tables || array_fill(null::oid, array[cardinality(v_called)]);
      v_roles := v_roles || array_fill(v_role, array[cardinality(v_functions) - cardinality(v_roles)]);
      v_depths := v_depths || array_fill(depth + 1, array[cardinality(v_functions) - cardinality(v_depths)]);
    end loop;
    v_number := v_number + 1;
  end loop;
end
$$;

comment on function core.explain_function(oid, jsonb, uuid, boolean) is
  'The plan of every query in a function and in the functions it calls';
