-- api.start_function_execution: notes that a skill is about to run.
begin;
select plan(23);

select is(pg_get_function_arguments('api.start_function_execution'::regproc),
  'p_user_id uuid, p_name text, p_arguments jsonb DEFAULT ''{}''::jsonb, p_version text DEFAULT '
  'NULL::text, p_conversation_id uuid DEFAULT NULL::uuid, p_message_id uuid DEFAULT NULL::uuid, '
  'p_timeout_seconds integer DEFAULT NULL::integer, p_attempt integer DEFAULT 1', 'arguments');
select is(pg_get_function_result('api.start_function_execution'::regproc),
  'SETOF core.execution_details', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.start_function_execution'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.start_function_execution'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050701'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050702'::uuid $$;
create function pg_temp.id(p text) returns uuid language sql immutable
  as $$ select ('019e0000-0000-7000-8000-0000000507' || p)::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000050701', 'tap_skills07_anna', 'tap_skills07_anna@example.org'),
  ('019e0000-0000-7000-8000-000000050702', 'tap_skills07_ben', 'tap_skills07_ben@example.org');
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
  $$ select e.skill_name, e.skill_version, e.status, e.arguments, e.result, e.conversation_id, e.message_id, e.attempt,
            e.expires_at - e.started_at, e.finished_at
       from api.start_function_execution(pg_temp.anna(), 'TapEcho', '{"text": "hi"}',
         p_conversation_id => pg_temp.id('11'), p_message_id => pg_temp.id('21'),
                                         p_attempt => 2) e $$,
  $$ values ('TapEcho', '1.0.0', 'running', '{"text": "hi"}'::jsonb, null::jsonb, pg_temp.id('11'), pg_temp.id('21'), 2,
             interval '5 minutes', null::timestamptz) $$, 'it runs');
select results_eq(
  $$ select e.skill_version, e.arguments, e.expires_at - e.started_at
       from api.start_function_execution(pg_temp.anna(), 'TapEcho', p_version => '2.0.0-rc.1',
         p_timeout_seconds => 2) e $$,
  $$ values ('2.0.0-rc.1', '{}'::jsonb, interval '2 seconds') $$, 'another version, for two seconds');
select throws_ok($$ select api.start_function_execution(pg_temp.anna(), 'TapEcho', '{"n": "1", "x": 2}') $$, 'VL001',
  'The arguments are not those of TapEcho 1.0.0; errors tells what is wrong', 'wrong arguments');
select throws_ok($$ select api.start_function_execution(pg_temp.anna(), 'TapEcho', '[]') $$, 'VL001', null,
  'no object');
select throws_ok($$ select api.start_function_execution(pg_temp.anna(), 'TapEcho', jsonb_build_object('text',
  repeat('x', 131072))) $$, 'VL001',
  'arguments must have at most 131,072 bytes', 'long arguments');
select throws_ok($$ select api.start_function_execution(pg_temp.anna(), 'TapOff') $$, 'KC004',
  'The skill TapOff 1.0.0 is switched off',
  'one that is off');
select throws_ok($$ select api.start_function_execution(pg_temp.anna(), 'TapNone') $$, 'NF001',
  'There is no skill TapNone', 'no such skill');
select throws_ok($$ select api.start_function_execution(pg_temp.anna(), 'TapEcho', p_version => '7.0.0') $$, 'NF001',
  'There is no skill TapEcho 7.0.0', 'no such version');
select throws_ok(format($$ select api.start_function_execution(pg_temp.anna(), 'TapEcho', '{"text": ""}',
  p_conversation_id => %L) $$, id), 'NF001',
  'There is no such conversation', 'a conversation of another, or none: ' || id)
  from unnest('{019e0000-0000-7000-8000-000000050712,019e0000-0000-7000-8000-000000050799}'::text[]) id;
select throws_ok(format($$ select api.start_function_execution(pg_temp.anna(), 'TapEcho', '{"text": ""}',
  p_conversation_id => %L,
                                                               p_message_id => %L) $$, c, m), 'NF001',
  'There is no such message in the conversation', 'a message of another, of another conversation, or none: ' || m)
  from (values (pg_temp.id('11'), pg_temp.id('22')), (pg_temp.id('13'), pg_temp.id('21')), (pg_temp.id('11'),
    pg_temp.id('99'))) as v (c, m);
select throws_ok($$ select api.start_function_execution(pg_temp.anna(), 'TapEcho', '{"text": ""}',
  p_message_id => pg_temp.id('21')) $$, 'VL001',
  'Name the conversation of the message, too', 'a message without its conversation');
select throws_ok($$ select api.start_function_execution(pg_temp.anna(), 'TapEcho', '{"text": ""}',
  p_attempt => 0) $$, 'VL001',
  'attempt must be from 1 to 100', 'a wrong attempt');
select throws_ok($$ select api.start_function_execution(pg_temp.anna(), 'TapEcho', '{"text": ""}',
  p_timeout_seconds => 86401) $$, 'VL001',
  'timeout_seconds must be from 1 to 86,400', 'a wrong time-out');
reset session authorization;

-- What is erased with the conversation, and what stays.
delete from chat.conversations where id = pg_temp.id('11');
select results_eq($$ select e.conversation_id, e.message_id, e.arguments, e.skill_name from chat.function_executions e
                      where e.user_id = pg_temp.anna() and e.skill_version = '1.0.0' $$,
  $$ values (null::uuid, null::uuid, '{}'::jsonb, 'TapEcho') $$,
    'a run outlives its conversation, but not what was said');

set session authorization plinth_web;
select throws_ok($$ select api.start_function_execution(pg_temp.anna(), 'TapEcho') $$, 'UN001',
  'Nobody is signed in', 'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.start_function_execution(pg_temp.anna(), 'TapEcho') $$, '42501', null,
  'a reader may not');
reset session authorization;

select * from finish();
rollback;
