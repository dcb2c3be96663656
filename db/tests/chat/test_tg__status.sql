-- chat.tg__status: what may become what, of runs, steps and plans, whoever writes; each refusal names both states.
begin;
select plan(73);

select function_returns('chat', 'tg__status', array[]::text[], 'trigger');
select is(has_function_privilege('plinth_web', 'chat.tg__status()', 'execute'), false, 'nobody calls it');

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000055001', 'tap_status_anna', 'tap_status_anna@example.org');
insert into chat.skills (name, version, description, current) values ('TapStatus', '1.0.0', 'x', true);
create temp table planted (kind text, status text, id uuid default base.new_id());
insert into planted (kind, status)
select 'plan', unnest('{draft,running,succeeded,failed,cancelled}'::text[])
union all select 'step', unnest('{pending,running,succeeded,failed,cancelled,skipped}'::text[])
union all select 'execution', unnest('{running,succeeded,failed,cancelled,timed_out}'::text[]);

insert into chat.planner_executions (user_id, id, goal, status, started_at, finished_at)
select '019e0000-0000-7000-8000-000000055001', p.id, 'x', case p.kind when 'plan' then p.status else 'running' end,
  now(),
       case when p.kind = 'plan' and p.status not in ('draft', 'running') then now() end
  from planted p where p.kind in ('plan', 'step');
insert into chat.planner_steps (user_id, plan_id, step, name, skill_name, skill_version, status)
select '019e0000-0000-7000-8000-000000055001', p.id, 1, 'x', 'TapStatus', '1.0.0', p.status from planted p
  where p.kind = 'step';
insert into chat.function_executions (user_id, id, skill_name, skill_version, status, expires_at, started_at,
  finished_at)
select '019e0000-0000-7000-8000-000000055001', p.id, 'TapStatus', '1.0.0', p.status, now(), now(),
       case when p.status <> 'running' then now() end
  from planted p where p.kind = 'execution';

-- What came of trying: the words of the refusal, or that it happened; then everything is as before.
create function pg_temp.try(p_kind text, p_from text, p_to text) returns text language plpgsql as $$
declare
  v_id uuid := (select p.id from planted p where p.kind = p_kind and p.status = p_from);
begin
  case p_kind
    when 'plan' then
      update chat.planner_executions set status = p_to,
             finished_at = case when p_to not in ('draft', 'running') then now() end where id = v_id;
    when 'step' then
      update chat.planner_steps set status = p_to where plan_id = v_id;
    else
      update chat.function_executions set status = p_to, finished_at = case when p_to <> 'running' then now() end
        where id = v_id;
  end case;
  raise exception 'done' using errcode = 'P0001';
exception
  when sqlstate 'P0001' then return 'done';
  when sqlstate 'KC004' then return sqlerrm;
end
$$;

select is(pg_temp.try(f.kind, f.status, t.status),
          case when format('%s %s>%s', f.kind, f.status, t.status) in (
            'plan draft>running', 'plan draft>cancelled', 'plan running>succeeded', 'plan running>failed',
              'plan running>cancelled',
            'step pending>running', 'step pending>failed', 'step pending>cancelled', 'step pending>skipped',
            'step running>succeeded', 'step running>failed', 'step running>cancelled', 'step running>pending',
            'execution running>succeeded', 'execution running>failed', 'execution running>cancelled',
              'execution running>timed_out')
            then 'done' else format('The %s is %s and cannot become %s', f.kind, f.status, t.status) end,
          format('%s: %s to %s', f.kind, f.status, t.status))
  from planted f join planted t on t.kind = f.kind and t.status <> f.status
 where f.kind <> 'execution' or t.status <> 'x'
 order by f.kind, f.status, t.status;
select is(count(*), 70::bigint, 'every pair was tried') from planted f join planted t on t.kind = f.kind
  and t.status <> f.status;

select * from finish();
rollback;
