-- core.step_faults: what is wrong with a step that is to be added to a plan.
begin;
select plan(25);

select is(pg_get_function_arguments('core.step_faults'::regproc),
  'p_step jsonb, p_skill chat.skills, p_before text[], p_field text, INOUT p_left integer, OUT faults jsonb', 'arguments');
select is(pg_get_function_result('core.step_faults'::regproc),
  'record', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.step_faults'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
  'who may call it')
  from pg_proc p where p.oid = 'core.step_faults'::regproc;

insert into chat.skills (name, version, description, parameters, current, enabled) values
  ('TapEcho', '1.0.0', 'Says it again',
    '{"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["text"], "additionalProperties": false}', true, true),
  ('TapEcho', '2.0.0-rc.1', 'Says it twice', '{"type": "object"}', false, true),
  ('TapOff', '1.0.0', 'Does nothing', '{"type": "object"}', true, false);

create function pg_temp.faults(p_step jsonb) returns text language sql volatile as $$
  select coalesce(string_agg(f ->> 'field' || ' ' || (f ->> 'detail'), '; ' order by n), '')
    from core.step_faults('{"name": "new"}' || p_step,
           (select s from chat.skills s where s.name = p_step ->> 'skill' and s.current), '{a,b}', 'steps/0', 100) s
   cross join lateral jsonb_array_elements(s.faults) with ordinality as x (f, n)
$$;
select is(pg_temp.faults(v.step), v.faults, v.step::text)
  from (values
    ('{"skill": "TapEcho", "arguments": {"text": "x"}}'::jsonb, ''),
    ('{"skill": "TapEcho", "arguments": {"text": {"$result": "b"}}}', ''),
    ('{"skill": "TapEcho", "needs": ["a"], "arguments": {"text": [{"$result": "a", "pointer": "/x/0"}]}}', ''),
    ('{"skill": "TapEcho", "arguments": {}}', 'steps/0/arguments/text required: is missing'),
    ('{"skill": "TapEcho", "arguments": {"text": {"$result": "a"}}}',
     'steps/0/arguments $result: must name a step that is needed, and at most a pointer besides'),
    ('{"skill": "TapEcho", "arguments": {"text": {"$result": "b", "x": 1}}}',
     'steps/0/arguments $result: must name a step that is needed, and at most a pointer besides'),
    ('{"skill": "TapEcho", "arguments": {"text": {"$result": "b", "pointer": "x"}}}',
     'steps/0/arguments $result: must name a step that is needed, and at most a pointer besides'),
    ('{"skill": "TapEcho", "arguments": []}', 'steps/0/arguments type: must be an object of at most 131,072 bytes'),
    ('{"skill": "TapNone"}', 'steps/0/skill skill: There is no skill TapNone'),
    ('{}', 'steps/0/skill required: is missing'),
    ('{"skill": "TapOff", "needs": ["c"]}', 'steps/0/needs needs: must be names of earlier steps'),
    ('{"skill": "TapOff", "needs": ["new"]}', 'steps/0/needs needs: must be names of earlier steps'),
    ('{"skill": "TapOff", "needs": "a"}', 'steps/0/needs needs: must be names of earlier steps'),
    ('{"skill": "TapOff", "name": "a"}', 'steps/0/name uniqueItems: is the name of an earlier step'),
    ('{"skill": "TapOff", "name": "1"}',
     'steps/0/name pattern: must have 1 to 64 letters, digits, _ and -, and begin with a letter'),
    ('{"skill": "TapOff", "max_attempts": 21}', 'steps/0/max_attempts maximum: must be from 1 to 20'),
    ('{"skill": "TapOff", "max_attempts": "1"}', 'steps/0/max_attempts maximum: must be from 1 to 20'),
    ('{"skill": "TapOff", "timeout_seconds": 0}', 'steps/0/timeout_seconds maximum: must be from 1 to 86,400'),
    ('{"skill": "TapOff", "foo": 0, "max_attempts": 0}',
     'steps/0/foo additionalProperties: is no part of a step; steps/0/max_attempts maximum: must be from 1 to 20'))
    as v (step, faults);

select is(s.p_left, v.left_over, v.left_over || ' parts are left for other steps')
  from (values ('{"text": "x"}'::jsonb, 98), ('{"text": {"$result": "b"}}', 100)) as v (arguments, left_over)
 cross join lateral core.step_faults(jsonb_build_object('name', 'new', 'skill', 'TapEcho', 'arguments', v.arguments),
   (select k from chat.skills k where k.name = 'TapEcho' and k.current), '{a,b}', 'steps/0', 100) s;

select * from finish();
rollback;
