-- api.list_skill_versions: every version of a skill.
begin;
select plan(10);

select is(pg_get_function_arguments('api.list_skill_versions'::regproc),
  'p_user_id uuid, p_name text, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_skill_versions'::regproc),
  'TABLE(name text, version text, current boolean, enabled boolean, description text, parameters '
  'jsonb, timeout_seconds integer, tags text[], metadata jsonb, created_at timestamp with time zone, '
  'updated_at timestamp with time zone, revision integer, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.list_skill_versions'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_skill_versions'::regproc;

create function pg_temp.anna() returns uuid language sql immutable
  as $$ select '019e0000-0000-7000-8000-000000050601'::uuid $$;
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-000000050601', 'tap_skills06_anna', 'tap_skills06_anna@example.org'),
  ('019e0000-0000-7000-8000-000000050602', 'tap_skills06_ben', 'tap_skills06_ben@example.org');
insert into chat.skills (name, version, description, parameters, current, enabled) values
  ('TapEcho', '1.0.0', 'Says it again',
    '{"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["text"], "additionalProperties": false}', true, true),
  ('TapEcho', '2.0.0-rc.1', 'Says it twice', '{"type": "object"}', false, true),
  ('TapOff', '1.0.0', 'Does nothing', '{"type": "object"}', true, false);
set session authorization plinth_operator;

select results_eq($$ select v.version, v.current, v.cursor from api.list_skill_versions(pg_temp.anna(), 'TapEcho') v $$,
  $$ values ('2.0.0-rc.1', false, '2.0.0-rc.1'), ('1.0.0', true, '1.0.0') $$, 'the newest first');
select is(array(select v.version from api.list_skill_versions(pg_temp.anna(), 'TapEcho', '2.0.0-rc.1') v), '{1.0.0}',
  'the next page');
select throws_ok($$ select api.list_skill_versions(pg_temp.anna(), 'TapEcho', '7') $$, 'VL001',
  'after must be the "next" of an earlier answer',
  'no place');
select throws_ok($$ select api.list_skill_versions(pg_temp.anna(), 'TapNone') $$, 'NF001',
  'There is no skill TapNone', 'no such skill');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.list_skill_versions(pg_temp.anna(), 'TapEcho') $$, 'UN001', 'Nobody is signed in',
  'nobody is signed in');
set session authorization plinth_reader;
select throws_ok($$ select api.list_skill_versions(pg_temp.anna(), 'TapEcho') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
