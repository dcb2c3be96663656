-- core.decrypt_secret: what was encrypted for this purpose, or an error; never garbage.
begin;
select plan(25);

select is(pg_get_function_arguments('core.decrypt_secret'::regproc), 'p_cipher bytea, p_purpose text', 'arguments');
select is(pg_get_function_result('core.decrypt_secret'::regproc), 'text', 'result');
select volatility_is('core', 'decrypt_secret', array['bytea', 'text'], 'stable');
select isnt_definer('core', 'decrypt_secret', array['bytea', 'text']);
select function_owner_is('core', 'decrypt_secret', array['bytea', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.decrypt_secret'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.decrypt_secret'::regproc;

select set_config('plinth.secret_keys', '0a1b2c3d:' || repeat('ab', 32), true);
-- Made elsewhere, with OpenSSL.
select is(core.decrypt_secret('\x010a1b2c3d000102030405060708090a0b0c0d0e0fcf8c041ff1ce44896d5758338a8900ee'
                              '335ca099c2060d0131879e82e752bf6f20ea9fc5c745916255a16b8b21361008', 'tap'),
          'sk-gruß', 'the format is that of AES-256-CBC and HMAC-SHA-256, as others have it');

create temp table sealed as select core.encrypt_secret('sk-0123456789abcdef', 'tap:1') as secret;
create function pg_temp.outcome(p_cipher bytea, p_purpose text default 'tap:1') returns text language plpgsql as $$
begin
  return 'read: ' || core.decrypt_secret(p_cipher, p_purpose);
exception when others then
  return sqlstate;
end
$$;
select is(pg_temp.outcome(s.secret), 'read: sk-0123456789abcdef', 'as it was written') from sealed s;

-- Not a single bit may differ, wherever it is.
select is(array_agg(distinct pg_temp.outcome(set_bit(s.secret, n, 1 - get_bit(s.secret, n)))), '{SV510}',
          'any bit that was turned is found')
  from sealed s, generate_series(0, length(s.secret) * 8 - 1) n;
select is(array_agg(distinct pg_temp.outcome(substr(s.secret, 1, n))), '{SV510}', 'wherever it is cut off')
  from sealed s, generate_series(0, length(s.secret) - 1) n;
select is(pg_temp.outcome(s.secret || '\x00'), 'SV510', 'nor may there be more') from sealed s;
select is(pg_temp.outcome(substr(s.secret, 1, length(s.secret) - 32) || sha256(substr(s.secret, 1, length(s.secret) - 32))),
          'SV510', 'a digest that takes no key') from sealed s;
select throws_ok(format('select core.decrypt_secret(%L, %L)', s.secret, 'tap:2'), 'SV510',
                 'This secret was altered, or written for another purpose', 'another row''s') from sealed s;
select throws_ok($$ select core.decrypt_secret('sk-0123456789abcdef', 'tap:1') $$, 'SV510',
                 'This is no secret in a known format', 'clear text is none');
select throws_ok(format('select core.decrypt_secret(%L, %L)', set_byte(s.secret, 0, 2), 'tap:1'), 'SV510',
                 'This is no secret in a known format', 'a format of another time') from sealed s;
select is(core.decrypt_secret(null, 'tap:1'), null, 'no secret');
select is(pg_temp.outcome(s.secret, ''), '22023', 'no purpose') from sealed s;
select is(pg_temp.outcome(s.secret, null), '22023', 'NULL is none either') from sealed s;

-- Rotation: the new key stands in front, the old one still reads.
select set_config('plinth.secret_keys', 'ffffffff:' || repeat('cd', 32) || ',0a1b2c3d:' || repeat('ab', 32), true);
select is(pg_temp.outcome(s.secret), 'read: sk-0123456789abcdef', 'the key it was written with was replaced') from sealed s;
select is(substr(core.encrypt_secret('x', 'tap:1'), 2, 4), '\xffffffff', 'what is written now has the new one');
select set_config('plinth.secret_keys', 'ffffffff:' || repeat('cd', 32), true);
select throws_ok(format('select core.decrypt_secret(%L, %L)', s.secret, 'tap:1'), 'SV510',
                 'The key 0a1b2c3d that this secret was written with is not at hand', 'the old key is gone') from sealed s;
select set_config('plinth.secret_keys', '0a1b2c3d:' || repeat('cd', 32), true);
select is(pg_temp.outcome(s.secret), 'SV510', 'a key under a wrong name') from sealed s;
select set_config('plinth.secret_keys', '', true);
select throws_ok(format('select core.decrypt_secret(%L, %L)', s.secret, 'tap:1'), 'SV503',
                 'This connection brought no key, so no secret can be written or read', 'no keys') from sealed s;

set session authorization plinth_web;
select throws_ok($$ select core.decrypt_secret('\x01', 'tap:1') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
