-- api.update_skill: changes what is said of a version of a skill, or makes it the current one.
begin;
select plan(20);

select is(pg_get_function_arguments('api.update_skill'::regproc),
  'p_name text, p_version text DEFAULT NULL::text, p_description text DEFAULT NULL::text, '
  'p_timeout_seconds integer DEFAULT NULL::integer, p_tags text[] DEFAULT NULL::text[], p_metadata '
  'jsonb DEFAULT NULL::jsonb, p_current boolean DEFAULT NULL::boolean, p_revision integer DEFAULT '
  'NULL::integer', 'arguments');
select is(pg_get_function_result('api.update_skill'::regproc),
  'SETOF core.skill_details', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.update_skill'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.update_skill'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050201'::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000050201', 'tap_skills02_anna', 'tap_skills02_anna@example.org'),
  ('019e0000-0000-7000-8000-000000050202', 'tap_skills02_ben', 'tap_skills02_ben@example.org');
insert into chat.skills (name, version, description, parameters, current, enabled) values
  ('TapEcho', '1.0.0', 'Says it again',
    '{"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["text"], "additionalProperties": false}', true, true),
  ('TapEcho', '2.0.0-rc.1', 'Says it twice', '{"type": "object"}', false, true),
  ('TapOff', '1.0.0', 'Does nothing', '{"type": "object"}', true, false);
create temp table others as select s.* from chat.skills s where s.name <> 'TapEcho';

insert into auth.roles (name, description, permissions) values ('tap_update_chief', 'planted', '["skills:manage"]');
insert into auth.user_roles (user_id, role) values (pg_temp.anna(), 'tap_update_chief');

select set_config('plinth.caller', '019e0000-0000-7000-8000-000000050201', true);
set session authorization plinth_web;
select results_eq(
  $$ select u.version, u.current, u.description, u.timeout_seconds, u.tags, u.metadata, u.revision
       from api.update_skill('TapEcho', p_description => 'Echoes', p_tags => '{a}', p_metadata => '{"x": 1}',
         p_timeout_seconds => 7) u $$,
  $$ values ('1.0.0', true, 'Echoes', 7, '{a}'::text[], '{"x": 1}'::jsonb, 2) $$, 'the current version');
select results_eq($$ select u.version, u.current, u.description from api.update_skill('TapEcho', '2.0.0-rc.1',
  p_current => true) u $$,
  $$ values ('2.0.0-rc.1', true, 'Says it twice') $$, 'another one becomes current');
reset session authorization;
select results_eq($$ select s.version from chat.skills s where s.name = 'TapEcho' and s.current $$, array['2.0.0-rc.1'],
  'and is the only one');
select is((select s.current from chat.skills s where s.name = 'TapOff'), true, 'of that skill');
set session authorization plinth_web;
select is((select u.current from api.update_skill('TapEcho', '1.0.0', p_current => true, p_revision => 3) u), true,
  'taken back, as the revision is');
select throws_ok($$ select api.update_skill('TapEcho', '1.0.0', p_revision => 1) $$, 'KC002',
  'The revision is 4 by now, not 1',
  'not as the revision was');
select throws_ok($$ select api.update_skill('TapEcho', p_current => false) $$, 'VL001',
  'current can only be true: make another version the current one', 'one version stays current');
select throws_ok($$ select api.update_skill('TapEcho', p_timeout_seconds => 0) $$, 'VL001',
  'timeout_seconds must be from 1 to 86,400', 'a wrong time-out');
select throws_ok($$ select api.update_skill('TapNone') $$, 'NF001', 'There is no skill TapNone', 'no such skill');
select throws_ok($$ select api.update_skill('TapEcho', '9.9.9') $$, 'NF001', 'There is no skill TapEcho 9.9.9',
  'no such version');
reset session authorization;
select throws_ok($$ update chat.skills set parameters = '{"type": "object", "title": "x"}' where name = 'TapEcho' $$,
  'KC004',
  'A version that is registered keeps its name and its parameters: register another',
    'parameters never change, whoever writes');
select throws_ok($$ delete from chat.skills where name = 'TapEcho' $$, 'AU001', null, 'and none goes');

select set_config('plinth.caller', '019e0000-0000-7000-8000-000000050202', true);
set session authorization plinth_web;
select throws_ok($$ select api.update_skill('TapEcho') $$, 'NP001', 'This needs the permission skills:manage',
  'not without the permission');
select set_config('plinth.caller', '', true);
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.update_skill('TapEcho') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.update_skill('TapEcho') $$, '42501', null, 'a reader may not');
reset session authorization;
select set_eq($$ select s.* from chat.skills s where s.name <> 'TapEcho' $$, 'select * from others',
              'other skills are as they were');

select * from finish();
rollback;
