-- api.create_plan: makes a plan.
begin;
select plan(20);

select is(pg_get_function_arguments('api.create_plan'::regproc),
  'p_user_id uuid, p_goal text, p_steps jsonb DEFAULT ''[]''::jsonb, p_conversation_id uuid DEFAULT '
  'NULL::uuid, p_metadata jsonb DEFAULT ''{}''::jsonb, p_start boolean DEFAULT false', 'arguments');
select is(pg_get_function_result('api.create_plan'::regproc),
  'SETOF core.plan_details', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.create_plan'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.create_plan'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050f01'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050f02'::uuid $$;
create function pg_temp.id(p text) returns uuid language sql immutable
  as $$ select ('019e0000-0000-7000-8000-000000050f' || p)::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000050f01', 'tap_skills0f_anna', 'tap_skills0f_anna@example.org'),
  ('019e0000-0000-7000-8000-000000050f02', 'tap_skills0f_ben', 'tap_skills0f_ben@example.org');
insert into chat.skills (name, version, description, parameters, current, enabled) values
  ('TapEcho', '1.0.0', 'Says it again',
    '{"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["text"], "additionalProperties": false}', true, true),
  ('TapEcho', '2.0.0-rc.1', 'Says it twice', '{"type": "object"}', false, true),
  ('TapOff', '1.0.0', 'Does nothing', '{"type": "object"}', true, false);

insert into chat.conversations (user_id, id, title) values (pg_temp.anna(), pg_temp.id('11'), 'mine'),
  (pg_temp.ben(), pg_temp.id('12'), 'not mine'), (pg_temp.anna(), pg_temp.id('13'), 'other');
insert into chat.messages (user_id, id, conversation_id, role, content) values
  (pg_temp.anna(), pg_temp.id('21'), pg_temp.id('11'), 'user', 'hello'), (pg_temp.ben(), pg_temp.id('22'),
    pg_temp.id('12'), 'user', 'hello');
set session authorization plinth_operator;

select results_eq(
  $$ select p.goal, p.status, p.conversation_id, p.metadata, p.steps, p.pending, p.started_at is null, p.version
       from api.create_plan(pg_temp.anna(), ' To echo ', '[{"skill": "TapEcho", "arguments": {"text": "x"}}]',
         pg_temp.id('11'), '{"a": 1}') p $$,
  $$ values ('To echo', 'draft', pg_temp.id('11'), '{"a": 1}'::jsonb, 1::bigint, 1::bigint, true, 1) $$, 'a draft');
select is((select p.status from api.create_plan(pg_temp.anna(), 'Nothing yet') p), 'draft', 'also without steps');
select is(p.status, 'running', 'several, and it starts')
  from api.create_plan(pg_temp.anna(), 'Many', '[{"skill": "TapEcho", "arguments": {"text": "x"}},
              {"skill": "TapEcho", "version": "2.0.0-rc.1", "name": "b", "max_attempts": 3, "timeout_seconds": 9},
              {"skill": "TapEcho", "needs": [], "arguments": {"text": "y"}},
              {"skill": "TapEcho", "needs": ["step3", "b", "b"],
                "arguments": {"text": {"$result": "b"}}}]', p_start => true) p;
select results_eq(
  $$ select s.step, s.name, s.skill_version, s.needs, s.arguments, s.max_attempts, s.timeout_seconds
       from api.list_plans(pg_temp.anna(), 'running') p cross join lateral api.list_plan_steps(pg_temp.anna(), p.id) s
         order by 1 $$,
  $$ values (1, 'step1', '1.0.0', '{}'::text[], '{"text": "x"}'::jsonb, 1, null::integer),
            (2, 'b', '2.0.0-rc.1', '{step1}', '{}', 3, 9),
            (3, 'step3', '1.0.0', '{}', '{"text": "y"}', 1, null),
            (4, 'step4', '1.0.0', '{b,step3}', '{"text": {"$result": "b"}}', 1, null) $$,
              'names, versions, and what each needs');

-- What is refused.
select throws_ok($$ select api.create_plan(pg_temp.anna(), null) $$, 'VL003', 'A plan needs a goal', 'no goal');
select throws_ok($$ select api.create_plan(pg_temp.anna(), ' ') $$, 'VL001', 'goal must have 1 to 4,000 characters',
  'an empty one');
select throws_ok($$ select api.create_plan(pg_temp.anna(), 'x', p_metadata => '[]') $$, 'VL001',
  'metadata must be an object of at most 16,384 bytes', 'metadata');
select throws_ok($$ select api.create_plan(pg_temp.anna(), 'x', p_conversation_id => pg_temp.id('12')) $$, 'NF001',
  'There is no such conversation',
  'another user''s conversation');
select throws_ok($$ select api.create_plan(pg_temp.anna(), 'x', p_start => true) $$, 'KC004',
  'A plan without steps cannot start', 'nothing to start');
select throws_ok($$ select api.create_plan(pg_temp.anna(), 'x', '{}') $$, 'VL001',
  'steps must be an array of objects', 'no array');
select throws_ok($$ select api.create_plan(pg_temp.anna(), 'x', '[1]') $$, 'VL001',
  'steps must be an array of objects', 'no objects');
select throws_ok($$ select api.create_plan(pg_temp.anna(), 'x', (select jsonb_agg('{}'::jsonb)
  from generate_series(1, 201))) $$, 'VL001',
  'A plan has at most 200 steps', 'too many');
select throws_ok($$ select api.create_plan(pg_temp.anna(), 'x', '[{"skill": "TapNone"}]') $$, 'VL001',
  'The steps cannot be taken as they are; errors tells what is wrong', 'steps that are wrong');
reset session authorization;

select throws_ok($$ insert into chat.planner_steps (user_id, plan_id, step, name, skill_name, skill_version, needs)
                    select p.user_id, p.id, 1, 'x', 'TapEcho', '1.0.0', '{1}' from chat.planner_executions p
                     where p.goal = 'Nothing yet' $$, '23514', null,
                       'no step needs itself, or a later one, whoever writes');

set session authorization plinth_web;
select throws_ok($$ select api.create_plan(pg_temp.anna(), 'x') $$, 'UN001', 'Nobody is signed in',
  'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.create_plan(pg_temp.anna(), 'x') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
