-- core.base32_encode: the vectors of RFC 4648, padded and bare.
begin;
select plan(13);

select is(pg_get_function_arguments('core.base32_encode'::regproc),
  'p_bytes bytea, p_pad boolean DEFAULT false', 'arguments');
select is(pg_get_function_result('core.base32_encode'::regproc), 'text', 'result');
select volatility_is('core', 'base32_encode', array['bytea', 'boolean'], 'immutable');
select isnt_definer('core', 'base32_encode', array['bytea', 'boolean']);
select function_owner_is('core', 'base32_encode', array['bytea', 'boolean'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.base32_encode'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.base32_encode'::regproc;

select results_eq(
  $$ select core.base32_encode(t::bytea, true) from unnest(array['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar']) t $$,
  array['', 'MY======', 'MZXQ====', 'MZXW6===', 'MZXW6YQ=', 'MZXW6YTB', 'MZXW6YTBOI======'], 'RFC 4648, section 10');
select is(core.base32_encode('foobar'), 'MZXW6YTBOI', 'bare');
select is(core.base32_encode('\x00ff00ff00'), 'AD7QB7YA', 'zeros count');
select is(length(core.base32_encode(sha256('x'))), 52, 'as long as it takes');
select is(core.base32_encode(null), null, 'nothing gives nothing');

set session authorization plinth_web;
select throws_ok($$ select core.base32_encode('x') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
