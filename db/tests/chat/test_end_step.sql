-- core.end_step: carries the end of a run over to its step, what needs the step, and the plan.
begin;
select plan(14);

select is(pg_get_function_arguments('core.end_step'::regproc),
  'p_user_id uuid, p_plan_id uuid, p_step integer, p_status text, p_result jsonb DEFAULT NULL::jsonb, '
  'p_error_kind text DEFAULT NULL::text, p_error_message text DEFAULT NULL::text, p_final boolean '
  'DEFAULT false', 'arguments');
select is(pg_get_function_result('core.end_step'::regproc),
  'void', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.end_step'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.end_step'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050c01'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050c02'::uuid $$;
create function pg_temp.id(p text) returns uuid language sql immutable
  as $$ select ('019e0000-0000-7000-8000-000000050c' || p)::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000050c01', 'tap_skills0c_anna', 'tap_skills0c_anna@example.org'),
  ('019e0000-0000-7000-8000-000000050c02', 'tap_skills0c_ben', 'tap_skills0c_ben@example.org');
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
\ir other_plans.psql
set session authorization plinth_operator;

select is(pg_temp.claim(), 'one three | 2 | 2', 'two run');
select is(pg_temp.finish(3, 'failed'), 'failed', 'the one without another attempt fails');
select is(pg_temp.steps(), '1 running, 2 pending, 3 failed, 4 skipped', 'what needs it is skipped, the rest goes on');
select is(pg_temp.state(), 'running', 'also the plan');
select is(pg_temp.finish(1, 'cancelled'), 'cancelled', 'what is cancelled is not tried again');
select is(pg_temp.steps(), '1 cancelled, 2 skipped, 3 failed, 4 skipped', 'and takes along what needs it');
select is(pg_temp.state(), 'failed, over', 'the plan ends with its last step');
reset session authorization;

update chat.skills set enabled = false where name = 'TapEcho';
set session authorization plinth_operator;

select is(pg_temp.claim(p_user => pg_temp.ben(), p_plan => pg_temp.id('43')), '0 | 0',
  'a step whose skill is off does not begin');
reset session authorization;

select results_eq($$ select s.status, s.error_kind, p.status from chat.planner_steps s
                       join chat.planner_executions p on p.user_id = s.user_id and p.id = s.plan_id
                         where s.plan_id = pg_temp.id('43') $$,
  $$ values ('failed', 'skill_off', 'failed') $$, 'it fails, and its plan with it');
select is(pg_temp.elsewhere(), e.plans, 'her other plans are as they were') from elsewhere e;

select * from finish();
rollback;
