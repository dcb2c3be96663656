-- core.settle_plan: ends a plan whose steps have all ended: it succeeded if all of them did. Its row is locked.
create or replace function core.settle_plan(p_user_id uuid, p_plan_id uuid)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  update chat.planner_executions p
     set status = s.status, finished_at = clock_timestamp()
    from (select case when bool_and(t.status = 'succeeded') then 'succeeded' else 'failed' end as status
            from chat.planner_steps t
           where t.user_id = p_user_id and t.plan_id = p_plan_id
          having bool_and(t.status not in ('pending', 'running'))) s
   where p.user_id = p_user_id and p.id = p_plan_id and p.status = 'running'
$$;

comment on function core.settle_plan(uuid, uuid) is 'Ends a plan whose steps have all ended';
grant execute on function core.settle_plan(uuid, uuid) to plinth_system;
