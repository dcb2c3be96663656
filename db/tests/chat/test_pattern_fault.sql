-- core.pattern_fault: why a regular expression may not stand in a JSON Schema.
begin;
select plan(19);

select is(pg_get_function_arguments('core.pattern_fault'::regproc),
  'p_pattern text', 'arguments');
select is(pg_get_function_result('core.pattern_fault'::regproc),
  'text', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'i f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.pattern_fault'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
  'who may call it')
  from pg_proc p where p.oid = 'core.pattern_fault'::regproc;

select is(core.pattern_fault(t.pattern), t.fault, left(t.pattern, 60))
  from (values
    ('^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$', null), ('^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
      null), ('', null),
    ('^(?=.*[a-z])(?=.*\d).{8,}$', null), ('\\1', null), ('a{255}', null),
    ('(a)\1', 'must have no back references'), ('\\\1', 'must have no back references'),
    ('(?i)a', 'must begin with no options'), ('***=a', 'must begin with no options'),
    (repeat('a', 501), 'must have at most 500 characters'), ('[', 'must be a regular expression'), ('a{256}',
      'must be a regular expression'),
    ('(a{0,100}){0,101}', 'must have repetition counts that multiply to 10,000 at most'),
    (repeat('(?=a)', 5), 'must look ahead or behind 4 times at most')) as t (pattern, fault);

select * from finish();
rollback;
