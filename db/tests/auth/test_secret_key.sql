-- core.secret_key: a key for one use and one purpose, derived from what the connection brought.
begin;
select plan(20);

select is(pg_get_function_arguments('core.secret_key'::regproc), 'p_use text, p_purpose text, p_id text DEFAULT NULL::text',
          'arguments');
select is(pg_get_function_result('core.secret_key'::regproc), 'bytea', 'result');
select volatility_is('core', 'secret_key', array['text', 'text', 'text'], 'stable');
select isnt_definer('core', 'secret_key', array['text', 'text', 'text']);
select function_owner_is('core', 'secret_key', array['text', 'text', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.secret_key'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.secret_key'::regproc;

select set_config('plinth.secret_keys', '0a1b2c3d:' || repeat('ab', 32) || ',ffffffff:' || repeat('cd', 32), true);
-- Computed elsewhere: HMAC-SHA-256 over "plinth encrypt 1 tap".
select is(encode(core.secret_key('encrypt', 'tap'), 'hex'),
          'eb9e5a16959361f0babf34330de1246d84fcafda6eaac8b35ce363a89a140c4a', 'the key it must be');
select is(core.secret_key('encrypt', 'tap', '0a1b2c3d'), core.secret_key('encrypt', 'tap'), 'the first is in force');
select isnt(core.secret_key('encrypt', 'tap', 'ffffffff'), core.secret_key('encrypt', 'tap'), 'another one by its name');
select isnt(core.secret_key('authenticate', 'tap'), core.secret_key('encrypt', 'tap'), 'each use has its own');
select isnt(core.secret_key('encrypt', 'tap2'), core.secret_key('encrypt', 'tap'), 'each purpose, too');

select throws_ok($$ select core.secret_key('encrypt', 'tap', 'eeeeeeee') $$, 'SV510',
                 'The key eeeeeeee that this secret was written with is not at hand', 'one that is not there');
select throws_ok($$ select core.secret_key('encrypt', 'tap', 'b,ffffffff') $$, 'SV510', null,
                 'nor what lies between two, which would be an empty key');
select throws_ok($$ select core.secret_key('encrypt', '') $$, '22023', 'A secret is encrypted for a purpose', 'no purpose');
select throws_ok($$ select core.secret_key('encrypt', null) $$, '22023', null, 'NULL is none either');
select set_config('plinth.secret_keys', '', true);
select throws_ok($$ select core.secret_key('encrypt', 'tap') $$, 'SV503',
                 'This connection brought no key, so no secret can be written or read', 'no keys');
select set_config('plinth.secret_keys', '0a1b2c3d:' || repeat('ab', 31), true);
select throws_ok($$ select core.secret_key('encrypt', 'tap') $$, 'SV503', null, 'a key that is too short is none');
select set_config('plinth.secret_keys', repeat('ab', 32), true);
select throws_ok($$ select core.secret_key('encrypt', 'tap') $$, 'SV503', null, 'one without a name neither');

set session authorization plinth_web;
select throws_ok($$ select core.secret_key('encrypt', 'tap') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
