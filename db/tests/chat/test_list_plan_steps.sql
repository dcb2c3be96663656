-- api.list_plan_steps: the steps of a plan in order.
begin;
select plan(12);

select is(pg_get_function_arguments('api.list_plan_steps'::regproc),
  'p_user_id uuid, p_plan_id uuid, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_plan_steps'::regproc),
  'TABLE(step integer, name text, skill_name text, skill_version text, arguments jsonb, needs text[], '
  'status text, attempts integer, max_attempts integer, timeout_seconds integer, execution_id uuid, '
  'result jsonb, error_kind text, error_message text, started_at timestamp with time zone, finished_at '
  'timestamp with time zone, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.list_plan_steps'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_plan_steps'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000051701'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000051702'::uuid $$;
create function pg_temp.id(p text) returns uuid language sql immutable
  as $$ select ('019e0000-0000-7000-8000-0000000517' || p)::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000051701', 'tap_skills17_anna', 'tap_skills17_anna@example.org'),
  ('019e0000-0000-7000-8000-000000051702', 'tap_skills17_ben', 'tap_skills17_ben@example.org');
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

select results_eq($$ select s.step, s.name, s.needs, s.status, s.max_attempts, s.cursor
  from api.list_plan_steps(pg_temp.anna(), pg_temp.id('41')) s $$,
  $$ values (1, 'one', '{}'::text[], 'pending', 2, '1'), (2, 'two', '{one}', 'pending', 1, '2'),
            (3, 'three', '{}', 'pending', 1, '3'), (4, 'four', '{two,three}', 'pending', 1, '4') $$, 'in order');
select is(array(select s.step from api.list_plan_steps(pg_temp.anna(), pg_temp.id('41'), '2', 1) s), '{3}', 'a page');
select throws_ok($$ select api.list_plan_steps(pg_temp.anna(), pg_temp.id('41'), '-1') $$, 'VL001',
  'after must be the "next" of an earlier answer',
  'no place');

select throws_ok($$ select api.list_plan_steps(pg_temp.anna(), pg_temp.id('43')) $$, 'NF001',
  'There is no such plan', 'another user''s');
select throws_ok($$ select api.list_plan_steps(pg_temp.anna(), pg_temp.id('99')) $$, 'NF001',
  'There is no such plan', 'none');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.list_plan_steps(pg_temp.anna(), pg_temp.id('41')) $$, 'UN001', 'Nobody is signed in',
  'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.list_plan_steps(pg_temp.anna(), pg_temp.id('41')) $$, '42501', null, 'a reader may not');
reset session authorization;
select is(pg_temp.elsewhere(), e.plans, 'her other plans are as they were') from elsewhere e;

select * from finish();
rollback;
