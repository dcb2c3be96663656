-- core.network_of: callers are told apart by one IPv4 address, or one IPv6 customer.
begin;
select plan(13);

select is(pg_get_function_arguments('core.network_of'::regproc), 'p_address text', 'arguments');
select is(pg_get_function_result('core.network_of'::regproc), 'text', 'result');
select volatility_is('core', 'network_of', array['text'], 'immutable');
select isnt_definer('core', 'network_of', array['text']);
select function_owner_is('core', 'network_of', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.network_of'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.network_of'::regproc;

select is(core.network_of('192.0.2.7'), '192.0.2.7', 'one IPv4 address');
select is(core.network_of('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::', 'one IPv6 customer has many addresses');
select is(core.network_of('::ffff:192.0.2.8'), '::ffff:192.0.2.8', 'IPv4 written as IPv6 is one address');
select is(core.network_of('fe80::1%eth0'), 'unknown', 'what PostgreSQL takes for none');
select is(core.network_of(''), 'unknown', 'no address');
select is(core.network_of(null), 'unknown', 'nothing');

select * from finish();
rollback;
