-- core.time_out_executions: ends runs of skills that take longer than they may.
begin;
select plan(13);

select is(pg_get_function_arguments('core.time_out_executions'::regproc),
  'p_limit integer', 'arguments');
select is(pg_get_function_result('core.time_out_executions'::regproc),
  'integer', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_system {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.time_out_executions'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.time_out_executions'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000051d01'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000051d02'::uuid $$;
create function pg_temp.id(p text) returns uuid language sql immutable
  as $$ select ('019e0000-0000-7000-8000-000000051d' || p)::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000051d01', 'tap_skills1d_anna', 'tap_skills1d_anna@example.org'),
  ('019e0000-0000-7000-8000-000000051d02', 'tap_skills1d_ben', 'tap_skills1d_ben@example.org');
insert into chat.skills (name, version, description, parameters, current, enabled) values
  ('TapEcho', '1.0.0', 'Says it again',
    '{"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["text"], "additionalProperties": false}', true, true),
  ('TapEcho', '2.0.0-rc.1', 'Says it twice', '{"type": "object"}', false, true),
  ('TapOff', '1.0.0', 'Does nothing', '{"type": "object"}', true, false);

insert into chat.planner_executions (user_id, id, goal, status, started_at) values
  (pg_temp.anna(), pg_temp.id('41'), 'To echo', 'running', now()), (pg_temp.anna(), pg_temp.id('42'), 'A draft',
    'draft', null), (pg_temp.ben(), pg_temp.id('43'), 'Another''s', 'running', now());
insert into chat.planner_steps (user_id, plan_id, step, name, skill_name, skill_version, arguments, needs,
  max_attempts) values
  (pg_temp.anna(), pg_temp.id('41'), 1, 'one', 'TapEcho', '1.0.0', '{"text": "1"}', '{}', 2),
  (pg_temp.anna(), pg_temp.id('41'), 2, 'two', 'TapEcho', '1.0.0',
    '{"text": {"$result": "one", "pointer": "/said/0"}}', '{1}', 1),
  (pg_temp.anna(), pg_temp.id('41'), 3, 'three', 'TapEcho', '1.0.0', '{"text": "3"}', '{}', 1),
  (pg_temp.anna(), pg_temp.id('41'), 4, 'four', 'TapEcho', '1.0.0', '{"text": "4"}', '{2,3}', 1),
  (pg_temp.anna(), pg_temp.id('42'), 1, 'only', 'TapEcho', '1.0.0', '{"text": "5"}', '{}', 1),
  (pg_temp.ben(), pg_temp.id('43'), 1, 'only', 'TapEcho', '1.0.0', '{"text": "6"}', '{}', 1);
create function pg_temp.steps() returns text language sql volatile as $$
  select string_agg(s.step || ' ' || s.status, ', ' order by s.step) from chat.planner_steps s
    where s.plan_id = pg_temp.id('41')
$$;
create function pg_temp.state() returns text language sql volatile as $$
  select p.status || case when p.finished_at is null then '' else ', over' end from chat.planner_executions p
    where p.id = pg_temp.id('41')
$$;
create function pg_temp.finish(p_step integer, p_status text,
  p_result jsonb default null) returns text language sql volatile as $$
  select f.status from chat.planner_steps s
   cross join lateral api.finish_function_execution(pg_temp.anna(), s.execution_id, p_status, p_result) f
   where s.plan_id = pg_temp.id('41') and s.step = p_step
$$;
create function pg_temp.claim(p_most integer default 10, p_user uuid default pg_temp.anna(),
  p_plan uuid default pg_temp.id('41'))
returns text language sql volatile as $$
  select concat_ws(' | ', (select string_agg(i ->> 'name', ' ' order by n)
    from jsonb_array_elements(c.items) with ordinality as x (i, n)),
                   c.pending, c.running) from api.claim_plan_steps(p_user, p_plan, p_most) c
$$;

insert into chat.function_executions (user_id, id, skill_name, skill_version, arguments, started_at, expires_at) values
  (pg_temp.anna(), pg_temp.id('31'), 'TapEcho', '1.0.0', '{"text": "1"}', now() - interval '2 seconds',
    now() + interval '1 hour'),
  (pg_temp.anna(), pg_temp.id('32'), 'TapEcho', '1.0.0', '{"text": "2"}', now() - interval '2 seconds',
    now() + interval '1 hour'),
  (pg_temp.ben(), pg_temp.id('33'), 'TapEcho', '1.0.0', '{"text": "3"}', now() - interval '2 seconds',
    now() + interval '1 hour');
\ir other_plans.psql
set session authorization plinth_operator;

select is(pg_temp.claim(), 'one three | 2 | 2', 'two run');
reset session authorization;

update chat.function_executions set expires_at = now() - interval '1 second' where user_id = pg_temp.anna()
  and id <> pg_temp.id('32') and plan_id is distinct from pg_temp.id('4e');
select is(core.time_out_executions(2), 2, 'at most so many');
select is(core.time_out_executions(10), 1, 'the rest');
select is(core.time_out_executions(10), 0, 'once');
select results_eq($$ select e.status, e.error_kind, e.error_message, e.finished_at is not null
  from chat.function_executions e where e.id = pg_temp.id('31') $$,
  $$ values ('timed_out', 'timed_out', 'It was not finished in time', true) $$, 'they are over');
select is((select e.status from chat.function_executions e where e.id = pg_temp.id('32')), 'running',
  'what has time goes on');
select is(pg_temp.steps(), '1 pending, 2 pending, 3 failed, 4 skipped', 'steps are tried again as long as they may be');
set session authorization plinth_operator;

select throws_ok($$ select api.finish_function_execution(pg_temp.anna(), pg_temp.id('31'), 'succeeded') $$, 'KC004',
  'The execution is timed_out and cannot become succeeded', 'who comes too late is told so');
reset session authorization;
select is(pg_temp.elsewhere(), e.plans, 'her other plans are as they were') from elsewhere e;

select * from finish();
rollback;
