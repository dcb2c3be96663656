-- core.json_step: one step further down in a JSON pointer.
begin;
select plan(9);

select is(pg_get_function_arguments('core.json_step'::regproc),
  'p_at text, p_name text', 'arguments');
select is(pg_get_function_result('core.json_step'::regproc),
  'text', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'i f plinth_owner', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.json_step'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
  'who may call it')
  from pg_proc p where p.oid = 'core.json_step'::regproc;

select is(core.json_step(v.at, v.name), v.told, v.name) from (values
  ('', 'a', '/a'), ('x', '', 'x/'), ('x/y', 'a/b~c', 'x/y/a~1b~0c'), ('x', '~1', 'x/~01')) as v (at, name, told);
select is(length(core.json_step('', repeat('x', 500))), 101, 'a long name is cut');

select * from finish();
rollback;
