-- core.json_reference: the part of a JSON Schema that a $ref names.
begin;
select plan(14);

select is(pg_get_function_arguments('core.json_reference'::regproc),
  'p_root jsonb, p_reference text', 'arguments');
select is(pg_get_function_result('core.json_reference'::regproc),
  'jsonb', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'i f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.json_reference'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
  'who may call it')
  from pg_proc p where p.oid = 'core.json_reference'::regproc;

select is(core.json_reference(r.root, v.reference), v.part::jsonb, v.reference)
  from (values ('{"$defs": {"a": 1, "b/c": 2, "~1": 3}, "definitions": {"a": 4}, "properties": {"x": 5}}'::jsonb)) as r (root),
       (values ('#/$defs/a', '1'), ('#/$defs/b~1c', '2'), ('#/$defs/~01', '3'), ('#/definitions/a', '4'),
         ('#/$defs/none', null),
               ('#/properties/x', null), ('#a', null), ('other.json', null), ('#/$defs/a/b', null)) as v (reference,
                 part);
select is(core.json_reference('{"a": 1}', '#'), '{"a": 1}', 'the whole');

select * from finish();
rollback;
