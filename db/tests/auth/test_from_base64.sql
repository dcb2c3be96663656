-- core.from_base64: bytes from base64 without padding.
begin;
select plan(14);

select is(pg_get_function_arguments('core.from_base64'::regproc),
  'p_text text', 'arguments');
select is(pg_get_function_result('core.from_base64'::regproc),
  'bytea', 'result');
select volatility_is('core', 'from_base64', array['text'], 'immutable');
select isnt_definer('core', 'from_base64', array['text']);
select function_owner_is('core', 'from_base64', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.from_base64'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.from_base64'::regproc;

select is(core.from_base64('c2VhIHNhbHQh'), 'sea salt!', 'nothing to pad');
select is(core.from_base64('c2FsdHk'), 'salty', 'one');
select is(core.from_base64('.A'), '\xf8'::bytea, 'two, and a dot for the plus');
select is(core.from_base64(''), ''::bytea, 'nothing');
select is(core.from_base64('abcde'), null, 'a length that cannot be');
select is(core.from_base64('ab=='), null, 'another alphabet');

set session authorization plinth_web;
select throws_ok($$ select core.from_base64('x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
