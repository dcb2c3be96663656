-- api.list_plans: the callers plans, newest first.
begin;
select plan(16);

select is(pg_get_function_arguments('api.list_plans'::regproc),
  'p_user_id uuid, p_status text DEFAULT NULL::text, p_conversation_id uuid DEFAULT NULL::uuid, '
  'p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_plans'::regproc),
  'TABLE(id uuid, goal text, status text, conversation_id uuid, metadata jsonb, created_at timestamp '
  'with time zone, started_at timestamp with time zone, finished_at timestamp with time zone, '
  'updated_at timestamp with time zone, version integer, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp",plan_cache_mode=force_custom_plan,enable_sort=off}',
            'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.list_plans'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_plans'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000051801'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000051802'::uuid $$;
create function pg_temp.id(p text) returns uuid language sql immutable
  as $$ select ('019e0000-0000-7000-8000-0000000518' || p)::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000051801', 'tap_skills18_anna', 'tap_skills18_anna@example.org'),
  ('019e0000-0000-7000-8000-000000051802', 'tap_skills18_ben', 'tap_skills18_ben@example.org');
insert into chat.skills (name, version, description, parameters, current, enabled) values
  ('TapEcho', '1.0.0', 'Says it again',
    '{"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["text"], "additionalProperties": false}', true, true),
  ('TapEcho', '2.0.0-rc.1', 'Says it twice', '{"type": "object"}', false, true),
  ('TapOff', '1.0.0', 'Does nothing', '{"type": "object"}', true, false);

insert into chat.conversations (user_id, id, title) values (pg_temp.anna(), pg_temp.id('11'), 'mine'),
  (pg_temp.ben(), pg_temp.id('12'), 'not mine'), (pg_temp.anna(), pg_temp.id('13'), 'other');
insert into chat.conversations (user_id, id, status) values (pg_temp.anna(), pg_temp.id('14'), 'deleted');
insert into chat.messages (user_id, id, conversation_id, role, content) values
  (pg_temp.anna(), pg_temp.id('21'), pg_temp.id('11'), 'user', 'hello'), (pg_temp.ben(), pg_temp.id('22'),
    pg_temp.id('12'), 'user', 'hello');

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

insert into chat.planner_executions (user_id, id, goal, conversation_id) values (pg_temp.anna(), pg_temp.id('44'),
  'Talk', pg_temp.id('11'));
set session authorization plinth_operator;

select is(array(select p.goal from api.list_plans(pg_temp.anna()) p), '{Talk,"A draft","To echo"}',
  'newest first, and only one''s own');
select is(array(select p.goal from api.list_plans(pg_temp.anna(), 'running') p), '{"To echo"}', 'of a status');
select is(array(select p.goal from api.list_plans(pg_temp.anna(), p_conversation_id => pg_temp.id('11')) p),
  '{Talk}', 'of a conversation');
select is(array(select p.goal from api.list_plans(pg_temp.anna(), p_after => pg_temp.id('44')::text,
  p_limit => 1) p), '{"A draft"}', 'a page');
select throws_ok($$ select api.list_plans(pg_temp.anna(), p_conversation_id => pg_temp.id('19')) $$, 'NF001',
  'There is no such conversation', 'no such conversation');
select throws_ok($$ select api.list_plans(pg_temp.anna(), p_conversation_id => pg_temp.id('12')) $$, 'NF001',
  'There is no such conversation', 'another user''s');
select throws_ok($$ select api.list_plans(pg_temp.anna(), p_conversation_id => pg_temp.id('14')) $$, 'NF001',
  'There is no such conversation', 'a deleted one');
select throws_ok($$ select api.list_plans(pg_temp.anna(), 'done') $$, 'VL001',
  'status must be draft, running, succeeded, failed or cancelled',
  'no such status');
select throws_ok($$ select api.list_plans(pg_temp.anna(), p_after => 'x') $$, 'VL001',
  'after must be the "next" of an earlier answer', 'no place');
reset session authorization;

delete from chat.conversations where id = pg_temp.id('11');
select is_empty($$ select from chat.planner_executions where goal = 'Talk' $$, 'a plan goes with its conversation');

set session authorization plinth_web;
select throws_ok($$ select api.list_plans(pg_temp.anna()) $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.list_plans(pg_temp.anna()) $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
