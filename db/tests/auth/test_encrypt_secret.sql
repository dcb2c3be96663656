-- core.encrypt_secret: a secret as it may lie in a table, a dump or a backup.
begin;
select plan(19);

select is(pg_get_function_arguments('core.encrypt_secret'::regproc), 'p_plain text, p_purpose text', 'arguments');
select is(pg_get_function_result('core.encrypt_secret'::regproc), 'bytea', 'result');
select volatility_is('core', 'encrypt_secret', array['text', 'text'], 'volatile');
select isnt_definer('core', 'encrypt_secret', array['text', 'text']);
select function_owner_is('core', 'encrypt_secret', array['text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.encrypt_secret'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.encrypt_secret'::regproc;

select set_config('plinth.secret_keys', '0a1b2c3d:' || repeat('ab', 32), true);
create temp table sealed as select core.encrypt_secret('sk-0123456789abcdef', 'tap:1') as secret;
select is(substr(s.secret, 1, 5), '\x010a1b2c3d', 'format and key stand in front') from sealed s;
select is(length(s.secret), 5 + 16 + 32 + 32, 'random bytes, whole blocks, the digest') from sealed s;
select is(position('sk-0123456789abcdef'::bytea in s.secret), 0, 'the secret itself is nowhere') from sealed s;
select isnt(core.encrypt_secret('sk-0123456789abcdef', 'tap:1'), s.secret, 'never twice the same') from sealed s;
select is(core.decrypt_secret(s.secret, 'tap:1'), 'sk-0123456789abcdef', 'and it can be read') from sealed s;
select is(core.decrypt_secret(core.encrypt_secret(v.text, 'tap:1'), 'tap:1'), v.text, 'so can ' || v.name)
  from (values ('', 'nothing'), (repeat('é€😀', 4000), 'many letters of many kinds')) v (text, name);
select is(core.encrypt_secret(null, 'tap:1'), null, 'no secret');

select throws_ok($$ select core.encrypt_secret('x', '') $$, '22023', 'A secret is encrypted for a purpose', 'no purpose');
select set_config('plinth.secret_keys', '', true);
select throws_ok($$ select core.encrypt_secret('x', 'tap:1') $$, 'SV503',
                 'This connection brought no key, so no secret can be written or read', 'no keys');
select set_config('plinth.secret_keys', 'nonsense', true);
select throws_ok($$ select core.encrypt_secret('x', 'tap:1') $$, 'SV503', null, 'nor what looks like none');

set session authorization plinth_web;
select throws_ok($$ select core.encrypt_secret('x', 'tap:1') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
