-- core.settle_plan: ends a plan whose steps have all ended.
begin;
select plan(11);

select is(pg_get_function_arguments('core.settle_plan'::regproc),
  'p_user_id uuid, p_plan_id uuid', 'arguments');
select is(pg_get_function_result('core.settle_plan'::regproc),
  'void', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.settle_plan'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.settle_plan'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000053a01'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000053a02'::uuid $$;
create function pg_temp.id(p text) returns uuid language sql immutable
  as $$ select ('019e0000-0000-7000-8000-000000053a' || p)::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000053a01', 'tap_skills3a_anna', 'tap_skills3a_anna@example.org'),
  ('019e0000-0000-7000-8000-000000053a02', 'tap_skills3a_ben', 'tap_skills3a_ben@example.org');
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
set local role plinth_owner;
select set_config('plinth.caller', '019e0000-0000-7000-8000-000000053a01', true);

select lives_ok($$ select core.settle_plan(pg_temp.anna(), pg_temp.id('41')) $$, 'steps wait');
select is(pg_temp.state(), 'running', 'so it goes on');
update chat.planner_steps set status = 'running' where plan_id = pg_temp.id('41');
update chat.planner_steps set status = 'succeeded' where plan_id = pg_temp.id('41') and step < 4;
select lives_ok($$ select core.settle_plan(pg_temp.anna(), pg_temp.id('41')) $$, 'one runs');
select is(pg_temp.state(), 'running', 'so it goes on');
update chat.planner_steps set status = 'succeeded' where plan_id = pg_temp.id('41') and step = 4;
select lives_ok($$ select core.settle_plan(pg_temp.anna(), pg_temp.id('41')) $$, 'all ended');
select is(pg_temp.state(), 'succeeded, over', 'well');
select is(pg_temp.elsewhere(), e.plans, 'her other plans are as they were') from elsewhere e;

select * from finish();
rollback;
