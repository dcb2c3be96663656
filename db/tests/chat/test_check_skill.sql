-- core.check_skill: refuses what of a skill breaks a rule.
begin;
select plan(15);

select is(pg_get_function_arguments('core.check_skill'::regproc),
  'p_name text, p_version text, p_description text, p_timeout_seconds integer, p_tags text[], '
  'p_metadata jsonb', 'arguments');
select is(pg_get_function_result('core.check_skill'::regproc),
  'void', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's f plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.check_skill'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}',
  'who may call it')
  from pg_proc p where p.oid = 'core.check_skill'::regproc;

select lives_ok($$ select core.check_skill(null, null, null, null, null, null) $$, 'what is not given is not wrong');
select lives_ok($$ select core.check_skill('a', '1.0.0-rc.1+x', 'd', 86400, '{a,b}', '{}') $$, 'all that is right');
select throws_ok(format('select core.check_skill(%s)', v.given), 'VL001', v.told, v.given)
  from (values
    ($$'', null, null, null, null, null$$, 'name must have 1 to 64 letters, digits, _ and -, and begin with a letter'),
    ($$'a b', null, null, null, null, null$$,
      'name must have 1 to 64 letters, digits, _ and -, and begin with a letter'),
    ($$null, '1', null, null, null, null$$,
      'version must be a semantic version such as 1.0.0, of at most 100 characters'),
    ($$null, null, '', null, null, null$$, 'description must have 1 to 2,000 characters'),
    ($$null, null, null, 0, null, null$$, 'timeout_seconds must be from 1 to 86,400'),
    ($$null, null, null, null, '{""}', null$$, 'tags must be at most 50 texts of 1 to 50 characters'),
    ($$null, null, null, null, array[null], null$$, 'tags must be at most 50 texts of 1 to 50 characters'),
    ($$null, null, null, null, array_fill('x'::text, '{51}'), null$$,
      'tags must be at most 50 texts of 1 to 50 characters'),
    ($$null, null, null, null, null, '[]'$$, 'metadata must be an object of at most 16,384 bytes')) as v (given, told);

select * from finish();
rollback;
