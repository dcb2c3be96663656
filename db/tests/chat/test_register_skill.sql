-- api.register_skill: registers a skill, or another version of one.
begin;
select plan(29);

select is(pg_get_function_arguments('api.register_skill'::regproc),
  'p_name text, p_description text DEFAULT NULL::text, p_parameters jsonb DEFAULT NULL::jsonb, '
  'p_version text DEFAULT ''1.0.0''::text, p_timeout_seconds integer DEFAULT NULL::integer, p_tags '
  'text[] DEFAULT NULL::text[], p_metadata jsonb DEFAULT NULL::jsonb, p_enabled boolean DEFAULT true, '
  'p_current boolean DEFAULT true', 'arguments');
select is(pg_get_function_result('api.register_skill'::regproc),
  'SETOF core.skill_details', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.register_skill'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.register_skill'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050101'::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000050101', 'tap_skills01_anna', 'tap_skills01_anna@example.org'),
  ('019e0000-0000-7000-8000-000000050102', 'tap_skills01_ben', 'tap_skills01_ben@example.org');
insert into auth.roles (name, description, permissions) values ('tap_register_chief', 'planted', '["skills:manage"]');
insert into auth.user_roles (user_id, role) values (pg_temp.anna(), 'tap_register_chief');

select set_config('plinth.caller', '019e0000-0000-7000-8000-000000050101', true);
delete from base.touched_tags;
set session authorization plinth_web;
select results_eq(
  $$ select r.name, r.version, r.current, r.enabled, r.description, r.parameters, r.timeout_seconds, r.tags,
    r.metadata, r.revision
       from api.register_skill('TapNew', 'Does it', '{"type": "object"}') r $$,
  $$ values ('TapNew', '1.0.0', true, true, 'Does it', '{"type": "object"}'::jsonb, 300, '{}'::text[], '{}'::jsonb,
    1) $$,
  'a first version');
reset session authorization;
select results_eq('select tag from base.touched_tags where xid = pg_current_xact_id()', array['all:skills'],
  'voids kept answers');
select results_eq($$ select l.action, l.actor_id from ops.audit_logs l where l.entity_type = 'chat.skills'
  and l.entity_id = 'TapNew' $$,
  $$ values ('insert', pg_temp.anna()) $$, 'and is in the trail');
set session authorization plinth_web;
select results_eq(
  $$ select r.version, r.current, r.description, r.parameters, r.timeout_seconds, r.tags
       from api.register_skill('TapNew', p_version => '1.1.0', p_timeout_seconds => 20, p_tags => '{text}') r $$,
  $$ values ('1.1.0', true, 'Does it', '{"type": "object"}'::jsonb, 20, '{text}'::text[]) $$,
  'what another version does not say is as it was');
reset session authorization;
select results_eq($$ select s.version, s.current from chat.skills s where s.name = 'TapNew' order by 1 $$,
  $$ values ('1.0.0', false), ('1.1.0', true) $$, 'one version is current');
set session authorization plinth_web;
select results_eq(
  $$ select r.current, r.enabled, r.timeout_seconds from api.register_skill('TapNew', p_version => '2.0.0-rc.1+b7',
    p_enabled => false,
       p_current => false) r $$, $$ values (false, false, 20) $$, 'or stays it');
select is((select r.current from api.register_skill('TapFirst', 'x', '{"type": "object"}', p_current => false) r), true,
  'the first one always is');

-- What is refused.
select throws_ok($$ select api.register_skill('TapNew', p_version => '1.1.0') $$, 'KC001',
  'Version 1.1.0 of TapNew is there already',
  'a version that is there');
select throws_ok($$ select api.register_skill(null) $$, 'VL003', 'A skill needs a name', 'no name');
select throws_ok($$ select api.register_skill('TapMore', p_parameters => '{"type": "object"}') $$, 'VL003',
  'A new skill needs a description and parameters', 'no description');
select throws_ok($$ select api.register_skill('TapMore', 'x') $$, 'VL003',
  'A new skill needs a description and parameters',
  'no parameters');
select throws_ok($$ select api.register_skill('1st', 'x', '{"type": "object"}') $$, 'VL001',
  'name must have 1 to 64 letters, digits, _ and -, and begin with a letter', 'a wrong name');
select throws_ok(format($$ select api.register_skill('TapMore', 'x', '{"type": "object"}', %L) $$, v), 'VL001',
  'version must be a semantic version such as 1.0.0, of at most 100 characters', 'no version: ' || v)
  from unnest('{1,1.0,01.0.0,v1.0.0,1.0.0-,1.0.0+a..b}'::text[]) v;
select throws_ok($$ select api.register_skill('TapMore', repeat('x', 2001), '{"type": "object"}') $$, 'VL001',
  'description must have 1 to 2,000 characters', 'a long description');
select throws_ok($$ select api.register_skill('TapMore', 'x', jsonb_build_object('type', 'object', 'title',
  repeat('x', 65536))) $$,
  'VL001', 'parameters must have at most 65,536 bytes', 'long parameters');
select throws_ok($$ select api.register_skill('TapMore', 'x', '{"type": "object", "if": {}}') $$, 'VL001',
  'The parameters are no JSON Schema that can be checked; errors tells what is wrong',
    'parameters that cannot be checked');
reset session authorization;
select base.set_setting('skills.limit', (select count(*)::text from chat.skills));
set session authorization plinth_web;
select throws_ok($$ select api.register_skill('TapMore', 'x', '{"type": "object"}') $$, 'KC008', null,
  'as many as there may be');
reset session authorization;

select set_config('plinth.caller', '019e0000-0000-7000-8000-000000050102', true);
set session authorization plinth_web;
select throws_ok($$ select api.register_skill('TapMore', 'x', '{}') $$, 'NP001',
  'This needs the permission skills:manage',
  'not without the permission');
select set_config('plinth.caller', '', true);
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.register_skill('TapMore', 'x', '{}') $$, 'UN001', 'Nobody is signed in',
  'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.register_skill('TapMore', 'x', '{}') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
