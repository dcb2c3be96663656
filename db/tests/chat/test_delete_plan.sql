-- api.delete_plan: removes a plan and its steps.
begin;
select plan(15);

select is(pg_get_function_arguments('api.delete_plan'::regproc),
  'p_user_id uuid, p_plan_id uuid', 'arguments');
select is(pg_get_function_result('api.delete_plan'::regproc),
  'void', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.delete_plan'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.delete_plan'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000051401'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000051402'::uuid $$;
create function pg_temp.id(p text) returns uuid language sql immutable
  as $$ select ('019e0000-0000-7000-8000-0000000514' || p)::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000051401', 'tap_skills14_anna', 'tap_skills14_anna@example.org'),
  ('019e0000-0000-7000-8000-000000051402', 'tap_skills14_ben', 'tap_skills14_ben@example.org');
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

select throws_ok($$ select api.delete_plan(pg_temp.anna(), pg_temp.id('41')) $$, 'KC004',
  'The plan is running: cancel it first', 'not while it runs');
select is(pg_temp.claim(1), 'one | 3 | 1', 'one runs');
select is((select p.status from api.cancel_plan(pg_temp.anna(), pg_temp.id('41')) p), 'cancelled', 'it ends');
select lives_ok($$ select api.delete_plan(pg_temp.anna(), pg_temp.id('41')) $$, 'and goes');
select is(pg_temp.steps(), null, 'its steps, too');
select results_eq($$ select e.plan_id, e.step, e.status, e.arguments from api.list_function_executions(pg_temp.anna()) l
                       cross join lateral api.get_function_execution(pg_temp.anna(), l.id) e $$,
  $$ values (null::uuid, null::integer, 'cancelled', '{"text": "1"}'::jsonb),
            (pg_temp.id('4e'), 1, 'running', '{"text": "one"}') $$, 'its runs stay');

select throws_ok($$ select api.delete_plan(pg_temp.anna(), pg_temp.id('43')) $$, 'NF001', 'There is no such plan',
  'another user''s');
select throws_ok($$ select api.delete_plan(pg_temp.anna(), pg_temp.id('99')) $$, 'NF001', 'There is no such plan',
  'none');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.delete_plan(pg_temp.anna(), pg_temp.id('41')) $$, 'UN001', 'Nobody is signed in',
  'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.delete_plan(pg_temp.anna(), pg_temp.id('41')) $$, '42501', null, 'a reader may not');
reset session authorization;
select is(pg_temp.elsewhere(), e.plans, 'her other plans are as they were') from elsewhere e;

select * from finish();
rollback;
