-- core.password_stands: whether the password just checked is still the account's.
begin;
select plan(14);

select is(pg_get_function_arguments('core.password_stands'::regproc), 'p_checked auth.users', 'arguments');
select is(pg_get_function_result('core.password_stands'::regproc), 'boolean', 'result');
select volatility_is('core', 'password_stands', array['auth.users'], 'volatile');
select isnt_definer('core', 'password_stands', array['auth.users']);
select function_owner_is('core', 'password_stands', array['auth.users'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.password_stands'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.password_stands'::regproc;

\set anna 019e0000-0000-7000-8000-00000000e511
insert into auth.users (id, username, email, password_hash) values
  (:'anna', 'tap_stand_anna', 'tap_stand_anna@example.org', 'hush');
create temp table checked as select u from auth.users u where u.id = :'anna';

select is(core.password_stands(c.u), true, 'nothing happened') from checked c;
update auth.users u set bio = 'x' where u.id = :'anna';
select is(core.password_stands(c.u), true, 'nothing that matters') from checked c;
update auth.users u set password_hash = 'another' where u.id = :'anna';
select is(core.password_stands(c.u), false, 'another password') from checked c;
update auth.users u set password_hash = null where u.id = :'anna';
select is(core.password_stands(c.u), false, 'none by now') from checked c;
update auth.users u set password_hash = 'hush', status = 'deleted' where u.id = :'anna';
select throws_ok('select core.password_stands(c.u) from checked c', 'NF001', 'There is no such active account', 'it went');
select throws_ok('select core.password_stands(null)', 'NF001', null, 'nobody');

set session authorization plinth_web;
select throws_ok('select core.password_stands(null)', '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
