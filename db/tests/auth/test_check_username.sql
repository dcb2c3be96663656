-- core.check_username: the shape of a username.
begin;
select plan(24);

select is(pg_get_function_arguments('core.check_username'::regproc),
  'p_username text', 'arguments');
select is(pg_get_function_result('core.check_username'::regproc),
  'void', 'result');
select volatility_is('core', 'check_username', array['text'], 'immutable');
select isnt_definer('core', 'check_username', array['text']);
select function_owner_is('core', 'check_username', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.check_username'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.check_username'::regproc;

select lives_ok(format('select core.check_username(%L)', n), format('%s is allowed', n))
  from unnest(array['abc', 'a.b', '0-9_z', repeat('a', 40)]) with ordinality as u (n, i) order by i;
select throws_ok(format('select core.check_username(%L)', n), 'VL001',
  'username must have 3 to 40 characters: letters and digits, and between them single _ . or -', format('%L is not', n))
  from unnest(array[null, '', 'ab', 'a_', '_ab', 'ab_', 'ab.', 'ab-', 'a__b', 'a.-b', 'a b', 'änne', repeat('a', 41)])
       with ordinality as u (n, i) order by i;

select * from finish();
rollback;
