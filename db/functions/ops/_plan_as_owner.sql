-- core.plan_as_owner: the plan of one statement as plinth_owner, so that the row policies of that role are in it.
create or replace function core.plan_as_owner(p_statement text, p_how text)
returns table (plan jsonb, plan_text text, state text, failure text)
language sql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
  select s.* from core.plan_statement(p_statement, p_how) s
$$;

comment on function core.plan_as_owner(text, text) is 'The plan of one statement as plinth_owner';
