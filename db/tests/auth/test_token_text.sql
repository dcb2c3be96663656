-- core.token_text: prefix, routing part, the bytes in base64url, a checksum; always the same for the same bytes.
begin;
select plan(12);

select is(pg_get_function_arguments('core.token_text'::regproc),
  'p_prefix text, p_user_id uuid, p_secret bytea', 'arguments');
select is(pg_get_function_result('core.token_text'::regproc), 'text', 'result');
select volatility_is('core', 'token_text', array['text', 'uuid', 'bytea'], 'immutable');
select isnt_definer('core', 'token_text', array['text', 'uuid', 'bytea']);
select function_owner_is('core', 'token_text', array['text', 'uuid', 'bytea'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.token_text'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.token_text'::regproc;

select is(left(t.text, -6), 'plx_beefAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHv__', 'bytes as base64url has them')
  from core.token_text('plx', '019e0000-0000-7000-8000-00000000beef',
                       '\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1effff') as t (text);
select is(right(t.text, 6), left(encode(sha256(convert_to(left(t.text, -6), 'UTF8')), 'hex'), 6),
          'the checksum is over all before it')
  from core.token_text('plx', '019e0000-0000-7000-8000-00000000beef', sha256('x')) as t (text);
select matches(core.token_text('plx', '019e0000-0000-7000-8000-00000000beef', sha256('y')),
               '^plx_beef[A-Za-z0-9_-]{43}[0-9a-f]{6}$', 'as long as every token');
select is(core.token_text('plx', '019e0000-0000-7000-8000-00000000beef', null), null, 'nothing gives nothing');

set session authorization plinth_web;
select throws_ok($$ select core.token_text('plx', '019e0000-0000-7000-8000-00000000beef', 'x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
