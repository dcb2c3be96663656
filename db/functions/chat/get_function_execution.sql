-- api.get_function_execution: one run of a skill, with its arguments and what came of it.
--
-- Errors  UN001 nobody is signed in; NF001 there is no such run
create or replace function api.get_function_execution(p_user_id uuid, p_execution_id uuid)
returns setof core.execution_details
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  return query select d.* from core.execution_details d where d.id = p_execution_id;
  if not found then
    perform base.raise('NF001', 'There is no such execution', 'execution_id');
  end if;
end
$$;

comment on function api.get_function_execution(uuid, uuid) is
  'One run of a skill, with its arguments and what came of it';
grant execute on function api.get_function_execution(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('GET /v1/executions/{execution_id}', 'api.get_function_execution');
