-- core.result_parts: the parts of results that the arguments of a step refer to.
begin;
select plan(19);

select is(pg_get_function_arguments('core.result_parts'::regproc),
  'p_user_id uuid, p_plan_id uuid, p_needs integer[], p_arguments jsonb', 'arguments');
select is(pg_get_function_result('core.result_parts'::regproc), 'jsonb', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.result_parts'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
  'who may call it')
  from pg_proc p where p.oid = 'core.result_parts'::regproc;

create function pg_temp.id(p text) returns uuid language sql immutable
  as $$ select ('019e0000-0000-7000-8000-000000054e' || p)::uuid $$;
insert into auth.users (id, username, email) values
  (pg_temp.id('01'), 'tap_parts_anna', 'tap_parts_anna@example.org'),
  (pg_temp.id('02'), 'tap_parts_ben', 'tap_parts_ben@example.org');
insert into chat.skills (name, version, description, parameters, current) values
  ('TapAny', '1.0.0', 'Takes anything', '{"type": "object"}', true);
insert into chat.planner_executions (user_id, id, goal, status, started_at) values
  (pg_temp.id('01'), pg_temp.id('41'), 'To echo', 'running', now()),
  (pg_temp.id('02'), pg_temp.id('42'), 'Another''s', 'running', now());
insert into chat.planner_steps (user_id, plan_id, step, name, skill_name, skill_version, status, result) values
  (pg_temp.id('01'), pg_temp.id('41'), 1, 'a', 'TapAny', '1.0.0', 'succeeded', '{"x": [1, {"y/~": "deep"}], "": 5}'),
  (pg_temp.id('01'), pg_temp.id('41'), 2, 'b', 'TapAny', '1.0.0', 'succeeded', null),
  (pg_temp.id('01'), pg_temp.id('41'), 3, 'c', 'TapAny', '1.0.0', 'succeeded', '"not needed"'),
  (pg_temp.id('01'), pg_temp.id('41'), 4, 'long', 'TapAny', '1.0.0', 'succeeded', to_jsonb(repeat('x', 1000000))),
  (pg_temp.id('01'), pg_temp.id('41'), 5, 'half', 'TapAny', '1.0.0', 'succeeded', to_jsonb(repeat('x', 65534))),
  (pg_temp.id('02'), pg_temp.id('42'), 1, 'a', 'TapAny', '1.0.0', 'succeeded', '"another''s"');
create function pg_temp.parts(p_arguments jsonb) returns jsonb language sql stable as $$
  select core.result_parts(pg_temp.id('01'), pg_temp.id('41'), '{1,2,4,5}', p_arguments)
$$;
set local role plinth_owner;
select set_config('plinth.caller', pg_temp.id('01')::text, true);

select is(pg_temp.parts(v.arguments), v.parts, v.arguments::text)
  from (values
    ('{}'::jsonb, '{}'::jsonb),
    ('{"t": 1, "u": [true, null, "$result"]}', '{}'),
    ('{"t": {"$result": "a"}}', '{"a": {"x": [1, {"y/~": "deep"}], "": 5}}'),
    ('{"t": {"$result": "a", "pointer": ""}}', '{"a": {"x": [1, {"y/~": "deep"}], "": 5}}'),
    ('[[{"$result": "a", "pointer": "/x/1/y~1~0"}], {"$result": "a", "pointer": "/x/0"}]',
      '{"a/x/1/y~1~0": "deep", "a/x/0": 1}'),
    ('{"t": {"$result": "a", "pointer": "/"}}', '{"a/": 5}'),
    ('{"t": {"$result": "a", "pointer": "/x/7"}}', '{}'),
    ('{"t": {"$result": "b"}}', '{}'), ('{"t": {"$result": "c"}}', '{}'), ('{"t": {"$result": "none"}}', '{}')
  ) as v (arguments, parts);
select is(core.result_parts(pg_temp.id('02'), pg_temp.id('42'), '{1}', '{"t": {"$result": "a"}}'), '{}',
          'the policies of the caller decide');

select is(pg_temp.parts('{"t": {"$result": "long"}}'), null, 'a result that is too large by itself');
select isnt(pg_temp.parts('[{"$result": "half"}, {"$result": "half"}]'), null, 'twice the half is just enough');
select is(pg_temp.parts('[{"$result": "half"}, {"$result": "half"}, {"$result": "a", "pointer": "/x/0"}]'), null,
  'a character more is not');
select is(pg_temp.parts((select jsonb_agg(jsonb '{"$result": "long"}') from generate_series(1, 7000))), null,
  'seven thousand times a million characters are not put together to be found too many');

select * from finish();
rollback;
