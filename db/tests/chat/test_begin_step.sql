-- core.begin_step: begins a step that is ready, and starts its run.
begin;
select plan(15);

select is(pg_get_function_arguments('core.begin_step'::regproc),
  'p_step chat.planner_steps, p_conversation_id uuid', 'arguments');
select is(pg_get_function_result('core.begin_step'::regproc),
  'uuid', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.begin_step'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
  'who may call it')
  from pg_proc p where p.oid = 'core.begin_step'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000053e01'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000053e02'::uuid $$;
create function pg_temp.id(p text) returns uuid language sql immutable
  as $$ select ('019e0000-0000-7000-8000-000000053e' || p)::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000053e01', 'tap_skills3e_anna', 'tap_skills3e_anna@example.org'),
  ('019e0000-0000-7000-8000-000000053e02', 'tap_skills3e_ben', 'tap_skills3e_ben@example.org');
insert into chat.skills (name, version, description, parameters, current, enabled) values
  ('TapEcho', '1.0.0', 'Says it again',
    '{"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["text"], "additionalProperties": false}', true, true),
  ('TapEcho', '2.0.0-rc.1', 'Says it twice', '{"type": "object"}', false, true),
  ('TapOff', '1.0.0', 'Does nothing', '{"type": "object"}', true, false),
  ('TapAny', '1.0.0', 'Takes anything', '{"type": "object"}', true, true),
  ('TapTree', '1.0.0', 'Takes trees', '{"type": "object", "properties": {"x": {"$ref": "#/$defs/tree"}},
    "$defs": {"tree": {"items": {"$ref": "#/$defs/tree"}}}}', true, true);

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
create function pg_temp.fault(p_step integer) returns text language sql volatile as $$
  select concat_ws(': ', s.status, s.error_kind, s.error_message) from chat.planner_steps s
   where s.plan_id = pg_temp.id('44') and s.step = p_step
$$;
\ir other_plans.psql
set local role plinth_owner;
select set_config('plinth.caller', '019e0000-0000-7000-8000-000000053e01', true);

select isnt(core.begin_step(s, null), null, 'its run') from chat.planner_steps s where s.plan_id = pg_temp.id('41')
  and s.step = 3;
select results_eq($$ select s.status, s.attempts, s.execution_id = e.id, e.arguments, e.step from chat.planner_steps s
                       join chat.function_executions e on e.plan_id = s.plan_id where s.plan_id = pg_temp.id('41')
                         and s.step = 3 $$,
  $$ values ('running', 1, true, '{"text": "3"}'::jsonb, 3) $$, 'and the step names it');
update chat.planner_steps set arguments = jsonb_build_object('text', repeat('x', 131000))
  where plan_id = pg_temp.id('42');
update chat.planner_steps set arguments = '{"text": {"a": {"$result": "one"}}}' where plan_id = pg_temp.id('41')
  and step = 2;
select is(core.begin_step(s, null), null, 'wrong arguments: none') from chat.planner_steps s
  where s.plan_id = pg_temp.id('41') and s.step = 2;
select results_eq($$ select s.status, s.attempts, s.error_kind, s.error_message from chat.planner_steps s
  where s.plan_id = pg_temp.id('41') and s.step = 2 $$,
  $$ values ('failed', 0, 'arguments', 'arguments/text type: must be string, not object') $$,
    'the step failed, also with attempts left');

-- Whatever keeps the arguments from being filled in or checked ends the step and is not raised.
insert into chat.planner_executions (user_id, id, goal, status, started_at) values
  (pg_temp.anna(), pg_temp.id('44'), 'Too much', 'running', now());
insert into chat.planner_steps (user_id, plan_id, step, name, skill_name, skill_version, status, result) values
  (pg_temp.anna(), pg_temp.id('44'), 1, 'long', 'TapAny', '1.0.0', 'succeeded', to_jsonb(repeat('x', 1000000))),
  (pg_temp.anna(), pg_temp.id('44'), 2, 'deep', 'TapAny', '1.0.0', 'succeeded',
    (repeat('[', 63) || repeat(']', 63))::jsonb);
insert into chat.planner_steps (user_id, plan_id, step, name, skill_name, skill_version, arguments, needs)
select pg_temp.anna(), pg_temp.id('44'), t.step, t.name, t.skill, '1.0.0', t.arguments, '{1,2}'
  from (values
    (3, 'times', 'TapAny', (select jsonb_build_object('x', jsonb_agg(jsonb '{"$result": "long"}'))
                              from generate_series(1, 300))),
    (4, 'deeper', 'TapTree', '{"x": [[{"$result": "deep"}]]}'),
    (5, 'most', 'TapTree', (select jsonb_build_object('x', jsonb_agg(1)) from generate_series(1, 40000))))
    as t (step, name, skill, arguments);
select is(core.begin_step(s, null), null, s.name || ': none') from chat.planner_steps s
  where s.plan_id = pg_temp.id('44') and s.step > 2 order by s.step;
select is(pg_temp.fault(3), 'failed: arguments: arguments size: must have at most 131,072 bytes',
  'a megabyte three hundred times is too much, and not put together to find out');
select is(pg_temp.fault(4),
  'failed: arguments: arguments checked: The value has too many parts, or too deep ones, to be checked',
  'deeper with a result in its place than can be checked');
select is(pg_temp.fault(5),
  'failed: arguments: arguments checked: The value has too many parts, or too deep ones, to be checked',
  'with more parts than can be checked');
select is(pg_temp.elsewhere(), e.plans, 'her other plans are as they were') from elsewhere e;

select * from finish();
rollback;
