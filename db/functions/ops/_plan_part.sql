-- core.plan_part: the plan of one query of a function, planned as p_role; with p_execute it is executed, if it can be.
--
-- Rules   A name that PostgreSQL knows no column for is one of p_names, the variables that look like columns: those
--         that its message names are replaced, and it is asked again.
--         What still holds parameters after planning, or calls something volatile, is not executed; notes say so.
create or replace function core.plan_part(
  p_role     text,
  p_code     text,
  p_function text,
  p_values   jsonb,
  p_names    text[],
  p_execute  boolean
)
returns table (plan jsonb, plan_text text, notes text[])
language plpgsql
volatile
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_code     text;
  v_also     text[] := '{}';
  v_more     text[];
  v_state    text;
  v_failure  text;
  v_executed record;
begin
  loop
    v_code := core.bound_code(p_code, p_function, p_values, v_also);
    select s.plan, s.plan_text, s.state, s.failure into plan, plan_text, v_state, v_failure
      from core.plan_as(p_role, v_code, 'plan') s;

    v_more := array(select n from unnest(p_names) n where v_failure ~ ('\m' || n || '\M') and n <> all (v_also));
    exit when v_state is null or v_state not in ('42703', '42P01', '42702') or v_more = '{}';
    v_also := v_also || v_more;
  end loop;

  notes := array_remove(array['not planned: ' || v_failure], null);
  if p_execute and plan is not null then
    if v_code ~ '\$[0-9]' and plan::text ~ '\$[0-9]' then
      notes := array['not executed: it hangs on values that only a call has'];
    elsif core.names_volatile(v_code || plan) then
      notes := array['not executed: it calls something volatile'];
    else
      -- Parameters that the plan does not hang on have been folded away.
      select s.* into v_executed
        from core.plan_as(p_role, regexp_replace(v_code, '\$[0-9]+', 'null', 'g'), 'execute') s;
      if v_executed.plan is null then
        -- The message could hold a value out of somebody's row.
        notes := array['not executed: it fails with ' || v_executed.state];
      else
        plan := v_executed.plan;
        plan_text := v_executed.plan_text;
      end if;
    end if;
  end if;
  notes := notes || array(select core.large_scans(plan));
  return next;
end
$$;

comment on function core.plan_part(text, text, text, jsonb, text[], boolean) is 'The plan of one query of a function';
