-- api.set_skill_enabled: switches a skill on or off.
begin;
select plan(15);

select is(pg_get_function_arguments('api.set_skill_enabled'::regproc),
  'p_name text, p_enabled boolean, p_version text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.set_skill_enabled'::regproc),
  'integer', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.set_skill_enabled'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.set_skill_enabled'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050301'::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000050301', 'tap_skills03_anna', 'tap_skills03_anna@example.org'),
  ('019e0000-0000-7000-8000-000000050302', 'tap_skills03_ben', 'tap_skills03_ben@example.org');
insert into chat.skills (name, version, description, parameters, current, enabled) values
  ('TapEcho', '1.0.0', 'Says it again',
    '{"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["text"], "additionalProperties": false}', true, true),
  ('TapEcho', '2.0.0-rc.1', 'Says it twice', '{"type": "object"}', false, true),
  ('TapOff', '1.0.0', 'Does nothing', '{"type": "object"}', true, false),
  ('TapOn', '2.0.0-rc.1', 'Does nothing', '{"type": "object"}', true, true);
create temp table others as select s.* from chat.skills s where s.name <> 'TapEcho';

insert into auth.roles (name, description, permissions) values ('tap_enable_chief', 'planted', '["skills:manage"]');
insert into auth.user_roles (user_id, role) values (pg_temp.anna(), 'tap_enable_chief');

select set_config('plinth.caller', '019e0000-0000-7000-8000-000000050301', true);
set session authorization plinth_web;
select is(api.set_skill_enabled('TapEcho', false), 2, 'all versions off');
select is(api.set_skill_enabled('TapEcho', false), 0, 'they are already');
select is(api.set_skill_enabled('TapEcho', true, '2.0.0-rc.1'), 1, 'one version on');
reset session authorization;
select results_eq($$ select s.version, s.enabled from chat.skills s where s.name = 'TapEcho' order by 1 $$,
  $$ values ('1.0.0', false), ('2.0.0-rc.1', true) $$, 'and only that one');
set session authorization plinth_web;
select throws_ok($$ select api.set_skill_enabled('TapNone', true) $$, 'NF001', 'There is no skill TapNone',
  'no such skill');
select throws_ok($$ select api.set_skill_enabled('TapEcho', true, '3.0.0') $$, 'NF001',
  'There is no skill TapEcho 3.0.0',
  'no such version');
select throws_ok($$ select api.set_skill_enabled('TapEcho', null) $$, 'VL003', 'Say whether it shall be enabled',
  'on or off?');
reset session authorization;

select set_config('plinth.caller', '019e0000-0000-7000-8000-000000050302', true);
set session authorization plinth_web;
select throws_ok($$ select api.set_skill_enabled('TapEcho', true) $$, 'NP001',
  'This needs the permission skills:manage',
  'not without the permission');
select set_config('plinth.caller', '', true);
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.set_skill_enabled('TapEcho', true) $$, 'UN001', 'Nobody is signed in',
  'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.set_skill_enabled('TapEcho', true) $$, '42501', null, 'a reader may not');
reset session authorization;
select set_eq($$ select s.* from chat.skills s where s.name <> 'TapEcho' $$, 'select * from others',
              'other skills are as they were');

select * from finish();
rollback;
