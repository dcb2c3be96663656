-- api.get_plan: one plan, with how far it is; its steps are in api.list_plan_steps.
--
-- Errors  UN001 nobody is signed in; NF001 there is no such plan
create or replace function api.get_plan(p_user_id uuid, p_plan_id uuid)
returns setof core.plan_details
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  return query select d.* from core.plan_details d where d.id = p_plan_id;
  if not found then
    perform base.raise('NF001', 'There is no such plan', 'plan_id');
  end if;
end
$$;

comment on function api.get_plan(uuid, uuid) is 'One plan, with how far it is';
grant execute on function api.get_plan(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('GET /v1/plans/{plan_id}', 'api.get_plan');
