-- core.password_fault: which rule a new password breaks.
begin;
select plan(16);

select is(pg_get_function_arguments('core.password_fault'::regproc),
  'p_password text, p_minimum integer, p_context text[]', 'arguments');
select is(pg_get_function_result('core.password_fault'::regproc),
  'text', 'result');
select volatility_is('core', 'password_fault', array['text', 'integer', 'text[]'], 'stable');
select isnt_definer('core', 'password_fault', array['text', 'integer', 'text[]']);
select function_owner_is('core', 'password_fault', array['text', 'integer', 'text[]'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.password_fault'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.password_fault'::regproc;

select is(core.password_fault('correct horse battery', 15, '{}'), null, 'none');
select is(core.password_fault('short', 15, '{}'), 'must have at least 15 characters', 'too short');
select is(core.password_fault(repeat('x', 257), 15, '{}'), 'must have at most 256 characters and 1,024 bytes', 'too long');
select is(core.password_fault(repeat('correct horse ', 18) || 'abcd', 15, '{}'), null, 'as long as one may be');
select is(core.password_fault('kqxmwzvb', 8, '{}'), null, 'eight where eight are asked for');
select is(core.password_fault('12345678', 8, '{}'), 'must be more than a common password', 'but not any eight');
select is(core.password_fault('annabella qxz1987', 15, '{annabella}'),
          'must be more than your name, your address or the product''s name and a date', 'all reasons at once');
select is(core.password_fault(null, 15, '{}'), null, 'no password breaks no rule');

set session authorization plinth_web;
select throws_ok($$ select core.password_fault('x', 15, '{}') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
