-- core.attempt_address: what attempts are counted by; nobody in psql, one customer over HTTP.
begin;
select plan(18);

select is(pg_get_function_arguments('core.attempt_address'::regproc), '', 'arguments');
select is(pg_get_function_result('core.attempt_address'::regproc), 'text', 'result');
select volatility_is('core', 'attempt_address', array[]::text[], 'stable');
select isnt_definer('core', 'attempt_address', array[]::text[]);
select function_owner_is('core', 'attempt_address', array[]::text[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.attempt_address'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.attempt_address'::regproc;

create function pg_temp.come_from(p_address text) returns void language sql as $$
  select set_config('plinth.context', concat_ws(E'\x1f', '', 'req', p_address, 'curl'), true)
$$;

select is(core.attempt_address(), null, 'nothing in psql');
set session authorization plinth_operator;
select throws_ok($$ select core.attempt_address() $$, '42501', null, 'not for an operator either');
reset session authorization;

select pg_temp.come_from('192.0.2.7');
select is(core.attempt_address(), '192.0.2.7', 'one IPv4 address');
select pg_temp.come_from('2001:db8:1:2:3:4:5:6');
select is(core.attempt_address(), '2001:db8:1:2::', 'one IPv6 customer');
select pg_temp.come_from('2001:db8:1:2::9');
select is(core.attempt_address(), '2001:db8:1:2::', 'has many addresses');
select pg_temp.come_from('2001:db8:1:3::9');
select is(core.attempt_address(), '2001:db8:1:3::', 'another one');
select pg_temp.come_from('::ffff:192.0.2.7');
select isnt(core.attempt_address(), '::', 'IPv4 written as IPv6');
select pg_temp.come_from('::ffff:192.0.2.8');
select is(core.attempt_address(), '::ffff:192.0.2.8', 'is still one address');

update base.settings set value = '0' where name = 'attempts.free';
select is(core.attempt_address(), null, 'nothing is counted where the setting says so');
update base.settings set value = '5' where name = 'attempts.free';
select set_config('plinth.context', '', true);
create function pg_temp.as_layer() returns text language sql security definer as 'select core.attempt_address()';
set session authorization plinth_web;
select is(pg_temp.as_layer(), 'unknown', 'the layer without an address is one address');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select core.attempt_address() $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
