-- core.reencrypted: a secret under the key in force.
begin;
select plan(16);

select is(pg_get_function_arguments('core.reencrypted'::regproc),
  'p_cipher bytea, p_purpose text', 'arguments');
select is(pg_get_function_result('core.reencrypted'::regproc),
  'bytea', 'result');
select volatility_is('core', 'reencrypted', array['bytea', 'text'], 'volatile');
select isnt_definer('core', 'reencrypted', array['bytea', 'text']);
select function_owner_is('core', 'reencrypted', array['bytea', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.reencrypted'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.reencrypted'::regproc;

select set_config('plinth.secret_keys', 'aaaaaaaa:' || repeat('ab', 32), true);
create temp table old as select core.encrypt_secret('x', 'tap:1') as cipher;
select set_config('plinth.secret_keys', 'bbbbbbbb:' || repeat('cd', 32) || ',aaaaaaaa:' || repeat('ab', 32), true);
create temp table fresh as select core.reencrypted(o.cipher, 'tap:1') as cipher from old o;
select is(substr(f.cipher, 2, 4), '\xbbbbbbbb', 'under the key in force') from fresh f;
select is(core.decrypt_secret(f.cipher, 'tap:1'), 'x', 'the same secret') from fresh f;
select is(core.reencrypted(set_byte(o.cipher, 30, 255 - get_byte(o.cipher, 30)), 'tap:1'), null, 'what was altered cannot be read')
  from old o;
select is(core.reencrypted(o.cipher, 'tap:2'), null, 'nor what is for another purpose') from old o;
select is(core.reencrypted(null, 'tap:1'), null, 'no secret');
select throws_ok(format('select core.reencrypted(%L, null)', o.cipher), '22023', null, 'no purpose') from old o;
select set_config('plinth.secret_keys', 'bbbbbbbb:' || repeat('cd', 32), true);
select is(core.reencrypted(o.cipher, 'tap:1'), null, 'nor without its key') from old o;
select set_config('plinth.secret_keys', '', true);
select throws_ok(format('select core.reencrypted(%L, %L)', o.cipher, 'tap:1'), 'SV503', null, 'no keys') from old o;
set session authorization plinth_web;
select throws_ok($$ select core.reencrypted('', 'x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
