-- core.base64url: in one line, without padding, with - and _.
begin;
select plan(13);

select is(pg_get_function_arguments('core.base64url'::regproc), 'p_bytes bytea', 'arguments');
select is(pg_get_function_result('core.base64url'::regproc), 'text', 'result');
select volatility_is('core', 'base64url', array['bytea'], 'immutable');
select isnt_definer('core', 'base64url', array['bytea']);
select function_owner_is('core', 'base64url', array['bytea'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.base64url'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.base64url'::regproc;

select is(core.base64url('\xfbff'), '-_8', 'the two letters that URLs know');
select is(core.base64url('a'), 'YQ', 'no padding');
select is(core.base64url(decode(repeat('00', 99), 'hex')), repeat('A', 132), 'no line ends');
select is(core.base64url(''), '', 'nothing in it');
select is(core.base64url(null), null, 'nothing gives nothing');

set session authorization plinth_web;
select throws_ok($$ select core.base64url('x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
