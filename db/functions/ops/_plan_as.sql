-- core.plan_as: the plan of one statement as the role that a function runs as.
create or replace function core.plan_as(p_role text, p_statement text, p_how text)
returns table (plan jsonb, plan_text text, state text, failure text)
language plpgsql
volatile
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_role = 'plinth_system' then
    return query select s.* from core.plan_as_system(p_statement, p_how) s;
  else
    return query select s.* from core.plan_as_owner(p_statement, p_how) s;
  end if;
end
$$;

comment on function core.plan_as(text, text, text) is 'The plan of one statement as the role a function runs as';
