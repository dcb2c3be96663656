-- core.base32_decode: the vectors of RFC 4648 backwards, in either case, and what is no base32.
begin;
select plan(17);

select is(pg_get_function_arguments('core.base32_decode'::regproc), 'p_text text', 'arguments');
select is(pg_get_function_result('core.base32_decode'::regproc), 'bytea', 'result');
select volatility_is('core', 'base32_decode', array['text'], 'immutable');
select isnt_definer('core', 'base32_decode', array['text']);
select function_owner_is('core', 'base32_decode', array['text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.base32_decode'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.base32_decode'::regproc;

select results_eq(
  $$ select convert_from(core.base32_decode(t), 'UTF8') collate "default"
       from unnest(array['', 'MY======', 'MZXQ====', 'MZXW6===', 'MZXW6YQ=', 'MZXW6YTB', 'MZXW6YTBOI======']) t $$,
  array['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar'], 'RFC 4648, section 10');
select is(core.base32_decode('mzxw6ytboi'), 'foobar', 'in lower case, without padding');
select is(core.base32_decode('AD7QB7YA'), '\x00ff00ff00', 'zeros count');
select is(count(*), 0::bigint, 'what was encoded comes back, whatever its length')
  from (select substr(sha256(n::text::bytea) || sha256('x'), 1, n) as b from generate_series(0, 64) n) t
 where core.base32_decode(core.base32_encode(t.b)) <> t.b;
select throws_ok($$ select core.base32_decode('MZXW1') $$, '22023', 'This is not base32', 'a letter it has not');
select throws_ok($$ select core.base32_decode('MZX W6') $$, '22023', 'This is not base32', 'a blank');
select throws_ok($$ select core.base32_decode('M') $$, '22023', 'This is not base32', 'too short for a byte');
select throws_ok($$ select core.base32_decode('MZXW6Y') $$, '22023', 'This is not base32', 'a length no bytes have');
select is(core.base32_decode(null), null, 'nothing gives nothing');

set session authorization plinth_web;
select throws_ok($$ select core.base32_decode('MY') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
