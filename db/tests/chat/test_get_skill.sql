-- api.get_skill: a skill, whole.
begin;
select plan(11);

select is(pg_get_function_arguments('api.get_skill'::regproc),
  'p_user_id uuid, p_name text, p_version text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.get_skill'::regproc),
  'SETOF core.skill_details', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.get_skill'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_skill'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050401'::uuid $$;
create function pg_temp.ben() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050402'::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000050401', 'tap_skills04_anna', 'tap_skills04_anna@example.org'),
  ('019e0000-0000-7000-8000-000000050402', 'tap_skills04_ben', 'tap_skills04_ben@example.org');
insert into chat.skills (name, version, description, parameters, current, enabled) values
  ('TapEcho', '1.0.0', 'Says it again',
    '{"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["text"], "additionalProperties": false}', true, true),
  ('TapEcho', '2.0.0-rc.1', 'Says it twice', '{"type": "object"}', false, true),
  ('TapOff', '1.0.0', 'Does nothing', '{"type": "object"}', true, false);
set session authorization plinth_operator;

select results_eq($$ select s.version, s.current, s.enabled, s.description from api.get_skill(pg_temp.anna(),
  'TapEcho') s $$,
  $$ values ('1.0.0', true, true, 'Says it again') $$, 'the current version');
select is((select s.description from api.get_skill(pg_temp.ben(), 'TapEcho', '2.0.0-rc.1') s), 'Says it twice',
  'the one that is named');
select is((select s.enabled from api.get_skill(pg_temp.anna(), 'TapOff') s), false, 'also one that is off');
select throws_ok($$ select api.get_skill(pg_temp.anna(), 'TapNone') $$, 'NF001', 'There is no skill TapNone',
  'no such skill');
select throws_ok($$ select api.get_skill(pg_temp.anna(), null) $$, 'NF001', null, 'none named');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.get_skill(pg_temp.anna(), 'TapEcho') $$, 'UN001', 'Nobody is signed in',
  'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.get_skill(pg_temp.anna(), 'TapEcho') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
