-- core.spend_parts: what is left of the parts that may be looked at.
begin;
select plan(8);

select is(pg_get_function_arguments('core.spend_parts'::regproc),
  'p_left integer, p_parts integer, p_at text', 'arguments');
select is(pg_get_function_result('core.spend_parts'::regproc), 'integer', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'i f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.spend_parts'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
  'who may call it')
  from pg_proc p where p.oid = 'core.spend_parts'::regproc;

select is(core.spend_parts(10, 3, 'v/a'), 7, 'what is left');
select is(core.spend_parts(3, 3, 'v/a'), 0, 'the last ones');
select is(core.spend_parts(0, 0, 'v/a'), 0, 'none of none');
select throws_ok($$ select core.spend_parts(3, 4, 'v/a') $$, 'VL001',
  'The value has too many parts, or too deep ones, to be checked', 'there are not so many');

select * from finish();
rollback;
