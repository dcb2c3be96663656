-- core.fill_arguments: the arguments of a step with the results of others in their places.
begin;
select plan(13);

select is(pg_get_function_arguments('core.fill_arguments'::regproc),
  'p_arguments jsonb, p_parts jsonb', 'arguments');
select is(pg_get_function_result('core.fill_arguments'::regproc),
  'jsonb', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'i f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.fill_arguments'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
  'who may call it')
  from pg_proc p where p.oid = 'core.fill_arguments'::regproc;

select is(core.fill_arguments(v.arguments,
  '{"a": {"x": [1]}, "a/x/1/y~1~0": "deep", "a/x/0": 1, "b": null}'), v.filled, v.arguments::text)
  from (values
    ('{"t": 1, "u": [true, null, "x"]}'::jsonb, '{"t": 1, "u": [true, null, "x"]}'::jsonb),
    ('{"t": {"$result": "a"}}', '{"t": {"x": [1]}}'),
    ('{"t": {"$result": "a", "pointer": ""}}', '{"t": {"x": [1]}}'),
    ('{"t": [[{"$result": "a", "pointer": "/x/1/y~1~0"}]]}', '{"t": [["deep"]]}'),
    ('{"t": {"$result": "a", "pointer": "/x/0"}}', '{"t": 1}'),
    ('{"t": {"$result": "a", "pointer": "/x/7"}, "u": {"$result": "b"}}', '{"t": null, "u": null}'),
    ('{"t": {"$result": "none"}}', '{"t": null}'),
    ('{}', '{}'), ('{"t": {}, "u": []}', '{"t": {}, "u": []}')) as v (arguments, filled);

select * from finish();
rollback;
