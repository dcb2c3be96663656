-- api.claim_plan_steps: takes steps that are ready and starts their runs.
begin;
select plan(30);

select is(pg_get_function_arguments('api.claim_plan_steps'::regproc),
  'p_user_id uuid, p_plan_id uuid DEFAULT NULL::uuid, p_most integer DEFAULT 1', 'arguments');
select is(pg_get_function_result('api.claim_plan_steps'::regproc),
  'TABLE(items jsonb, pending bigint, running bigint)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.claim_plan_steps'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.claim_plan_steps'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050b01'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050b02'::uuid $$;
create function pg_temp.id(p text) returns uuid language sql immutable
  as $$ select ('019e0000-0000-7000-8000-000000050b' || p)::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000050b01', 'tap_skills0b_anna', 'tap_skills0b_anna@example.org'),
  ('019e0000-0000-7000-8000-000000050b02', 'tap_skills0b_ben', 'tap_skills0b_ben@example.org');
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
set session authorization plinth_operator;

select is(pg_temp.claim(), 'one three | 2 | 2', 'what is ready');
select is(pg_temp.claim(), '2 | 2', 'once');
select is(pg_temp.steps(), '1 running, 2 pending, 3 running, 4 pending', 'they run');
select is(pg_temp.finish(1, 'failed'), 'failed', 'the first one fails');
select is(pg_temp.steps(), '1 pending, 2 pending, 3 running, 4 pending', 'and may be tried again');
select is(pg_temp.claim(1), 'one | 2 | 2', 'which is the second attempt');
select is(pg_temp.finish(1, 'succeeded', '{"said": ["deep"]}'), 'succeeded', 'it succeeds');
select results_eq(
  $$ select i ->> 'name', i -> 'arguments', (i ->> 'attempt')::integer, (i ->> 'plan_id')::uuid, i ->> 'skill_name',
    i ->> 'skill_version',
            (i ->> 'expires_at')::timestamptz > now()
       from api.claim_plan_steps(pg_temp.anna()) c cross join lateral jsonb_array_elements(c.items) i $$,
  $$ values ('two', '{"text": "deep"}'::jsonb, 1, pg_temp.id('41'), 'TapEcho', '1.0.0', true) $$,
  'of whatever plan; a result is filled in');
select is(pg_temp.finish(2, 'succeeded', '2') || pg_temp.finish(3, 'succeeded', '3'), 'succeededsucceeded', 'both end');
select is(pg_temp.claim(), 'four | 0 | 1', 'so the last one may begin');
select is(pg_temp.state(), 'running', 'the plan runs');
select is(pg_temp.finish(4, 'succeeded', '4'), 'succeeded', 'it ends');
select is(pg_temp.state(), 'succeeded, over', 'and the plan with it');
select is(pg_temp.claim(), '0 | 0', 'nothing is left');
select is(pg_temp.claim(p_plan => pg_temp.id('42')), '0 | 0', 'a draft gives nothing');
select is(pg_temp.claim(p_plan => null), '0 | 0', 'nor another user''s plan');
select throws_ok($$ select api.claim_plan_steps(pg_temp.anna(), pg_temp.id('43')) $$, 'NF001',
  'There is no such plan', 'which is not there');
select throws_ok($$ select api.claim_plan_steps(pg_temp.anna(), pg_temp.id('99')) $$, 'NF001',
  'There is no such plan', 'like one that is none');
select throws_ok($$ select api.claim_plan_steps(pg_temp.anna(), p_most => 0) $$, 'VL001',
  'most must be from 1 to 100', 'not none');
select throws_ok($$ select api.claim_plan_steps(pg_temp.anna(), p_most => 101) $$, 'VL001',
  'most must be from 1 to 100', 'not too many');
reset session authorization;

-- A step that nobody can begin ends by itself, whatever keeps it from beginning, and other plans go on.
insert into chat.planner_executions (user_id, id, goal, status, started_at) values
  (pg_temp.anna(), pg_temp.id('44'), 'Too deep', 'running', now()),
  (pg_temp.anna(), pg_temp.id('45'), 'Long', 'running', now());
insert into chat.skills (name, version, description, parameters, current) values
  ('TapTree', '1.0.0', 'Takes trees', '{"type": "object", "additionalProperties": {"$ref": "#/$defs/tree"},
    "$defs": {"tree": {"items": {"$ref": "#/$defs/tree"}}}}', true);
insert into chat.planner_steps (user_id, plan_id, step, name, skill_name, skill_version, arguments) values
  (pg_temp.anna(), pg_temp.id('44'), 1, 'deep', 'TapTree', '1.0.0',
    jsonb_build_object('x', (repeat('[', 100) || repeat(']', 100))::jsonb));
insert into chat.planner_steps (user_id, plan_id, step, name, skill_name, skill_version, arguments)
select pg_temp.anna(), pg_temp.id('45'), n, 'long' || n, 'TapEcho', '2.0.0-rc.1', jsonb_build_object('x', repeat('x', 131000))
  from generate_series(1, 20) n;
set session authorization plinth_operator;
select is((select jsonb_array_length(c.items) || ' | ' || c.pending from api.claim_plan_steps(pg_temp.anna(), null, 100) c),
          '17 | 3', 'what is claimed at once ends where a page is full');
reset session authorization;
select results_eq($$ select p.status, s.status, s.error_kind from chat.planner_executions p
                       join chat.planner_steps s on s.plan_id = p.id where p.id = pg_temp.id('44') $$,
                  $$ values ('failed', 'failed', 'arguments') $$, 'a step that cannot be checked failed by itself');
create function pg_temp.slow() returns trigger language plpgsql as $$ begin perform pg_sleep(1); return new; end $$;
create trigger tap_slow before insert on chat.function_executions for each row execute function pg_temp.slow();
set session authorization plinth_operator;
select is(pg_temp.claim(p_plan => pg_temp.id('45')), 'long18 | 2 | 18', 'or after a second');
select is(pg_temp.claim(p_plan => pg_temp.id('45')), 'long19 | 1 | 19', 'the next claim goes on from there');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.claim_plan_steps(pg_temp.anna()) $$, 'UN001', 'Nobody is signed in',
  'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.claim_plan_steps(pg_temp.anna()) $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
