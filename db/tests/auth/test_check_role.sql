-- core.check_role: the rules of a role's name and description.
begin;
select plan(18);

select is(pg_get_function_arguments('core.check_role'::regproc), 'p_name text, p_description text', 'arguments');
select is(pg_get_function_result('core.check_role'::regproc), 'void', 'result');
select volatility_is('core', 'check_role', array['text', 'text'], 'immutable');
select isnt_definer('core', 'check_role', array['text', 'text']);
select function_owner_is('core', 'check_role', array['text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.check_role'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.check_role'::regproc;

select lives_ok($$ select core.check_role('auditor', 'Reads the trail') $$, 'an ordinary role');
select lives_ok($$ select core.check_role('a1', 'x') $$, 'the shortest');
select lives_ok($$ select core.check_role(rpad('a_-', 40, 'z'), repeat('x', 500)) $$, 'the longest');
select throws_ok($$ select core.check_role('a', 'x') $$, 'VL001', null, 'a name of one letter');
select throws_ok($$ select core.check_role(repeat('a', 41), 'x') $$, 'VL001', null, 'a name too long');
select throws_ok($$ select core.check_role('Auditor', 'x') $$, 'VL001',
  'name must have 2 to 40 characters: lower-case letters, and after the first also digits, _ and -', 'a capital');
select throws_ok($$ select core.check_role(null, 'x') $$, 'VL001', null, 'no name');
select throws_ok($$ select core.check_role('auditor', '  ') $$, 'VL001',
                 'description must have 1 to 500 characters and no control characters', 'a blank description');
select throws_ok($$ select core.check_role('auditor', repeat('x', 501)) $$, 'VL001', null, 'one too long');
select throws_ok($$ select core.check_role('auditor', E'a\tb') $$, 'VL001', null, 'one with a tabulator');
select throws_ok($$ select core.check_role('auditor', null) $$, 'VL001', null, 'none');

select * from finish();
rollback;
