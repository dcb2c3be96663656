-- core.fingerprint: a keyed digest by which equal secrets are known.
begin;
select plan(15);

select is(pg_get_function_arguments('core.fingerprint'::regproc),
  'p_plain text, p_purpose text', 'arguments');
select is(pg_get_function_result('core.fingerprint'::regproc),
  'text', 'result');
select volatility_is('core', 'fingerprint', array['text', 'text'], 'stable');
select isnt_definer('core', 'fingerprint', array['text', 'text']);
select function_owner_is('core', 'fingerprint', array['text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.fingerprint'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.fingerprint'::regproc;

select set_config('plinth.secret_keys', '0a1b2c3d:' || repeat('ab', 32), true);
select matches(core.fingerprint('sk-0123456789', 'tap:1'), '^[0-9a-f]{16}$', 'sixteen digits');
select is(core.fingerprint('sk-0123456789', 'tap:1'), core.fingerprint('sk-0123456789', 'tap:1'), 'equal for equal secrets');
select isnt(core.fingerprint('sk-0123456789', 'tap:1'), core.fingerprint('sk-0123456788', 'tap:1'), 'not for others');
select isnt(core.fingerprint('sk-0123456789', 'tap:1'), core.fingerprint('sk-0123456789', 'tap:2'), 'nor for another purpose');
select is(core.fingerprint(null, 'tap:1'), null, 'no secret');
select throws_ok($$ select core.fingerprint('x', '') $$, '22023', 'A secret is encrypted for a purpose', 'no purpose');
select set_config('plinth.secret_keys', '', true);
select throws_ok($$ select core.fingerprint('x', 'tap:1') $$, 'SV503', null, 'no keys');
set session authorization plinth_web;
select throws_ok($$ select core.fingerprint('x', 'tap:1') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
