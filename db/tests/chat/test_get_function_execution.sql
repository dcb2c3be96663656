-- api.get_function_execution: one run of a skill.
begin;
select plan(10);

select is(pg_get_function_arguments('api.get_function_execution'::regproc),
  'p_user_id uuid, p_execution_id uuid', 'arguments');
select is(pg_get_function_result('api.get_function_execution'::regproc),
  'SETOF core.execution_details', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.get_function_execution'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_function_execution'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050901'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050902'::uuid $$;
create function pg_temp.id(p text) returns uuid language sql immutable
  as $$ select ('019e0000-0000-7000-8000-0000000509' || p)::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000050901', 'tap_skills09_anna', 'tap_skills09_anna@example.org'),
  ('019e0000-0000-7000-8000-000000050902', 'tap_skills09_ben', 'tap_skills09_ben@example.org');
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

select results_eq($$ select e.id, e.skill_name, e.status, e.arguments from api.get_function_execution(pg_temp.anna(),
  pg_temp.id('31')) e $$,
  $$ values (pg_temp.id('31'), 'TapEcho', 'running', '{"text": "1"}'::jsonb) $$, 'one''s own');
select throws_ok($$ select api.get_function_execution(pg_temp.anna(), pg_temp.id('33')) $$, 'NF001',
  'There is no such execution', 'another user''s');
select throws_ok($$ select api.get_function_execution(pg_temp.anna(), pg_temp.id('99')) $$, 'NF001',
  'There is no such execution', 'none');
select throws_ok($$ select api.get_function_execution(pg_temp.anna(), null) $$, 'NF001',
  'There is no such execution', 'none named');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.get_function_execution(pg_temp.anna(), pg_temp.id('31')) $$, 'UN001',
  'Nobody is signed in', 'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.get_function_execution(pg_temp.anna(), pg_temp.id('31')) $$, '42501', null,
  'a reader may not');
reset session authorization;

select * from finish();
rollback;
