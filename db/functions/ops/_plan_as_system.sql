-- core.plan_as_system: the plan of one statement as plinth_system, so that the row policies of that role are in it.
--
-- Owned by plinth_system: functions that cross users are planned as they run.
create or replace function core.plan_as_system(p_statement text, p_how text)
returns table (plan jsonb, plan_text text, state text, failure text)
language sql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
  select s.* from core.plan_statement(p_statement, p_how) s
$$;

comment on function core.plan_as_system(text, text) is 'The plan of one statement as plinth_system';
alter function core.plan_as_system(text, text) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.plan_as_system(text, text) to plinth_owner;
set local role plinth_owner;
