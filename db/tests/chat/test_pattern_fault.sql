-- core.pattern_fault: why a regular expression may not stand in a JSON Schema.
begin;
select plan(54);

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
    ('^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$', null),
    ('\\1', null), ('a{255}', null),
    ('(a)\1', 'must have no back references'), ('\\\1', 'must have no back references'),
    ('(?i)a', 'must begin with no options'), ('***=a', 'must begin with no options'),
    (repeat('a', 501), 'must have at most 500 characters'), ('[', 'must be a regular expression'), ('a{256}',
      'must be a regular expression')) as t (pattern, fault);

-- Looks: each once, at the beginning.
select is(core.pattern_fault(t.pattern), case when not t.fits then
          'must look ahead or behind only at its beginning, right behind ^, and not within another look' end, t.pattern)
  from (values
    ('^(?=.*[a-z])(?=.*\d).{8,}$', true), ('^(?!-)(?<!x)a', true), ('[(?=]', true), ('\(?=a', true), ('[]](?:a)', true),
    ('(?=.*(?=.*(?=.*z)))q', false), ('^(?=.*(?=.*z))q', false), ('(?=.*z)q', false), ('a(?!b)', false), ('a(?<=b)', false),
    ('a(?<!b)', false), ('^(a)(?=b)', false), ('^(?=a)b(?=c)', false), ('^|(?=a)', false), ('(^(?=a)|b)*', false),
    ('[^]a](?=b)', false), ('[[:alpha:]](?=b)', false), ('[[.].]](?=b)', false)) as t (pattern, fits);

-- Sizes, as if repetition counts were written out.
select is(core.pattern_fault(t.pattern), case when not t.fits then
          'must have at most 500 characters when its repetition counts are written out' end, t.pattern)
  from (values
    ('(a{10}){50}', true), ('(a{10}){50}b', false), ('(?:[a-z]\d){250}', true), ('(?:[a-z]\d){251}', false),
    ('((a{8}){8}){8}', false), ('a{0,250}b{250,}', true), ('a{255}b{246}', false), ('(a{0,100}){0,100}b', false),
    ('(a{9}|b{9}){30}', false), ('a\{9}{255}', true), ('(((a{255}){255}', false)) as t (pattern, fits);
select is(core.pattern_fault(t.pattern), case when not t.fits then 'must have at most 50 parts that may be left out' end,
          t.pattern)
  from (values
    ('(a?){50}', true), ('(a?){51}', false), ('(a*){25}(b*?){25}', true), ('(a*){25}(b*?){26}', false),
    ('(a{0,9}){51}', false), ('(a|){51}', false), ('(|a){51}', false), ('(a+){255}', true)) as t (pattern, fits);

select * from finish();
rollback;
