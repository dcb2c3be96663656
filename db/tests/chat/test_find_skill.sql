-- core.find_skill: a version of a skill; the current one where none is named.
begin;
select plan(10);

select is(pg_get_function_arguments('core.find_skill'::regproc),
  'p_name text, p_version text', 'arguments');
select is(pg_get_function_result('core.find_skill'::regproc),
  'chat.skills', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.find_skill'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
  'who may call it')
  from pg_proc p where p.oid = 'core.find_skill'::regproc;

insert into chat.skills (name, version, description, parameters, current, enabled) values
  ('TapEcho', '1.0.0', 'Says it again',
    '{"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["text"], "additionalProperties": false}', true, true),
  ('TapEcho', '2.0.0-rc.1', 'Says it twice', '{"type": "object"}', false, true),
  ('TapOff', '1.0.0', 'Does nothing', '{"type": "object"}', true, false);

select is((core.find_skill('TapEcho', null)).version, '1.0.0', 'the current one');
select is((core.find_skill('TapEcho', '2.0.0-rc.1')).description, 'Says it twice', 'the one that is named');
select throws_ok($$ select core.find_skill('TapNone', null) $$, 'NF001', 'There is no skill TapNone', 'no such skill');
select throws_ok($$ select core.find_skill('TapEcho', '2.0.0') $$, 'NF001', 'There is no skill TapEcho 2.0.0',
  'no such version');
select throws_ok($$ select core.find_skill(null, null) $$, 'NF001', null, 'none named');
select throws_ok($$ select core.find_skill(repeat('x', 999), null) $$, 'NF001', 'There is no skill ' || repeat('x',
  165),
  'a name is not given back whole');

select * from finish();
rollback;
