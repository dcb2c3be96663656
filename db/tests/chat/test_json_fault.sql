-- core.json_fault: one fault of a JSON value, as a problem lists it.
begin;
select plan(7);

select is(pg_get_function_arguments('core.json_fault'::regproc),
  'p_at text, p_rule text, p_says text, p_code text DEFAULT ''VL001''::text', 'arguments');
select is(pg_get_function_result('core.json_fault'::regproc),
  'jsonb', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'i f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.json_fault'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
  'who may call it')
  from pg_proc p where p.oid = 'core.json_fault'::regproc;

select is(core.json_fault('a/b', 'type', 'is wrong'),
  '{"field": "a/b", "code": "VL001", "detail": "type: is wrong"}', 'one fault');
select is(core.json_fault('a', 'required', 'is missing', 'VL003') ->> 'code', 'VL003', 'with another code');
select is(length(core.json_fault(repeat('x', 999), 'enum', repeat('y', 999))::text), 300 + 500 + 44,
  'neither is longer than anybody reads');

select * from finish();
rollback;
