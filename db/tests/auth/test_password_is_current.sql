-- core.password_is_current: whether a hash has today's format, pepper and cost.
begin;
select plan(17);

select is(pg_get_function_arguments('core.password_is_current'::regproc), 'p_hash text', 'arguments');
select is(pg_get_function_result('core.password_is_current'::regproc), 'boolean', 'result');
select volatility_is('core', 'password_is_current', array['text'], 'stable');
select isnt_definer('core', 'password_is_current', array['text']);
select function_owner_is('core', 'password_is_current', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.password_is_current'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.password_is_current'::regproc;

select set_config('plinth.pepper', 'p7:' || repeat('cd', 32), true);
update base.settings s set value = '5' where s.name = 'password.bcrypt_cost';

select ok(core.password_is_current(core.hash_password('correct horse battery')), 'a new one is');
select ok(core.password_is_current('p7$2a$05$' || repeat('a', 53)), 'by its head');
select ok(not core.password_is_current('p6$2a$05$' || repeat('a', 53)), 'not with an older pepper');
select ok(not core.password_is_current('p7$2a$04$' || repeat('a', 53)), 'not with a lower cost');
select ok(not core.password_is_current('p7$2a$06$' || repeat('a', 53)), 'nor with a higher one');
select ok(not core.password_is_current('$2a$05$' || repeat('a', 53)), 'not without a pepper');
select ok(not core.password_is_current(''), 'not when it is none');
select is(core.password_is_current(null), null, 'no hash');
update base.settings s set value = '12' where s.name = 'password.bcrypt_cost';
select ok(core.password_is_current('p7$2a$12$' || repeat('a', 53)), 'costs of two digits');

set session authorization plinth_web;
select throws_ok($$ select core.password_is_current('x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
