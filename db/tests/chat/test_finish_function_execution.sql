-- api.finish_function_execution: says how a run ended.
begin;
select plan(24);

select is(pg_get_function_arguments('api.finish_function_execution'::regproc),
  'p_user_id uuid, p_execution_id uuid, p_status text, p_result jsonb DEFAULT NULL::jsonb, '
  'p_error_kind text DEFAULT NULL::text, p_error_message text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.finish_function_execution'::regproc),
  'SETOF core.execution_details', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.finish_function_execution'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.finish_function_execution'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050801'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050802'::uuid $$;
create function pg_temp.id(p text) returns uuid language sql immutable
  as $$ select ('019e0000-0000-7000-8000-0000000508' || p)::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000050801', 'tap_skills08_anna', 'tap_skills08_anna@example.org'),
  ('019e0000-0000-7000-8000-000000050802', 'tap_skills08_ben', 'tap_skills08_ben@example.org');
insert into chat.skills (name, version, description, parameters, current, enabled) values
  ('TapEcho', '1.0.0', 'Says it again',
    '{"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["text"], "additionalProperties": false}', true, true),
  ('TapEcho', '2.0.0-rc.1', 'Says it twice', '{"type": "object"}', false, true),
  ('TapOff', '1.0.0', 'Does nothing', '{"type": "object"}', true, false);

insert into chat.function_executions (user_id, id, skill_name, skill_version, arguments, started_at, expires_at) values
  (pg_temp.anna(), pg_temp.id('31'), 'TapEcho', '1.0.0', '{"text": "1"}', now() - interval '2 seconds',
    now() + interval '1 hour'),
  (pg_temp.anna(), pg_temp.id('32'), 'TapEcho', '1.0.0', '{"text": "2"}', now() - interval '2 seconds',
    now() + interval '1 hour'),
  (pg_temp.ben(), pg_temp.id('33'), 'TapEcho', '1.0.0', '{"text": "3"}', now() - interval '2 seconds',
    now() + interval '1 hour');
set session authorization plinth_operator;

select results_eq(
  $$ select f.status, f.result, f.error_kind, f.duration_ms between 2000 and 60000, f.finished_at between now()
    and clock_timestamp()
       from api.finish_function_execution(pg_temp.anna(), pg_temp.id('31'), 'succeeded', '{"b": 1, "a": [2]}') f $$,
  $$ values ('succeeded', '{"a": [2], "b": 1}'::jsonb, null::text, true, true) $$, 'it succeeded');
select is((select f.status from api.finish_function_execution(pg_temp.anna(), pg_temp.id('31'), 'succeeded',
  '{"a": [2], "b": 1.0}') f), 'succeeded',
  'the same once more');
select throws_ok($$ select api.finish_function_execution(pg_temp.anna(), pg_temp.id('31'), 'succeeded',
  '{"a": [3]}') $$, 'KC004',
  'The execution is succeeded already, with another outcome', 'another result');
select throws_ok($$ select api.finish_function_execution(pg_temp.anna(), pg_temp.id('31'), 'failed') $$, 'KC004',
  'The execution is succeeded and cannot become failed', 'another end');
select results_eq(
  $$ select f.status, f.error_kind, f.error_message from api.finish_function_execution(pg_temp.anna(),
    pg_temp.id('32'), 'failed', null, null, 'no') f $$,
  $$ values ('failed', 'error', 'no') $$, 'it failed');
select is((select f.status from api.finish_function_execution(pg_temp.anna(), pg_temp.id('32'), 'failed',
  p_error_message => 'no') f), 'failed',
  'the same once more');
reset session authorization;

select throws_ok($$ update chat.function_executions set status = 'running', finished_at = null
  where id = pg_temp.id('32') $$, 'KC004',
  'The execution is failed and cannot become running', 'whoever writes');
set session authorization plinth_operator;

-- What is refused.
select throws_ok($$ select api.finish_function_execution(pg_temp.anna(), pg_temp.id('33'), 'succeeded') $$, 'NF001',
  'There is no such execution',
  'another user''s');
select throws_ok($$ select api.finish_function_execution(pg_temp.anna(), pg_temp.id('99'), 'succeeded') $$, 'NF001',
  'There is no such execution', 'none');
select throws_ok($$ select api.finish_function_execution(pg_temp.anna(), pg_temp.id('31'), null) $$, 'VL003',
  'Say how it ended', 'no status');
select throws_ok(format($$ select api.finish_function_execution(pg_temp.anna(), pg_temp.id('31'), %L) $$, s), 'VL001',
  'status must be succeeded, failed or cancelled', 'no such end: ' || s)
    from unnest('{running,timed_out,""}'::text[]) s;
select throws_ok($$ select api.finish_function_execution(pg_temp.anna(), pg_temp.id('31'), 'failed', '1') $$,
  'VL001', 'Only what succeeded has a result',
  'a result of what failed');
select throws_ok($$ select api.finish_function_execution(pg_temp.anna(), pg_temp.id('31'), 'succeeded', null,
  'error') $$, 'VL001',
  'What succeeded has no error', 'an error of what succeeded');
select throws_ok($$ select api.finish_function_execution(pg_temp.anna(), pg_temp.id('31'), 'failed', null,
  'two words') $$, 'VL001',
  'error_kind must be one word: 1 to 100 letters, digits, _, ., : and -', 'a kind of two words');
select throws_ok($$ select api.finish_function_execution(pg_temp.anna(), pg_temp.id('31'), 'failed', null, null,
  repeat('x', 8001)) $$, 'VL001',
  'error_message must have at most 8,000 characters', 'a long message');
select throws_ok($$ select api.finish_function_execution(pg_temp.anna(), pg_temp.id('31'), 'succeeded',
  to_jsonb(repeat('x', 1048576))) $$, 'VL001',
  'result must have at most 1,048,576 bytes', 'a long result');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.finish_function_execution(pg_temp.anna(), pg_temp.id('31'), 'succeeded') $$, 'UN001',
  'Nobody is signed in', 'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.finish_function_execution(pg_temp.anna(), pg_temp.id('31'), 'succeeded') $$, '42501',
  null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
