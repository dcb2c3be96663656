-- core.totp: the vectors of RFC 6238 and RFC 4226.
begin;
select plan(13);

select is(pg_get_function_arguments('core.totp'::regproc),
  'p_secret bytea, p_step bigint, p_digits integer DEFAULT 6, p_algorithm text DEFAULT ''sha1''::text', 'arguments');
select is(pg_get_function_result('core.totp'::regproc), 'text', 'result');
select volatility_is('core', 'totp', array['bytea', 'bigint', 'integer', 'text'], 'immutable');
select isnt_definer('core', 'totp', array['bytea', 'bigint', 'integer', 'text']);
select function_owner_is('core', 'totp', array['bytea', 'bigint', 'integer', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.totp'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.totp'::regproc;

select results_eq(
  $$ select core.totp(substr(repeat('1234567890', 7), 1, a.size)::bytea, t.seconds / 30, 8, a.name)
       from (values (59), (1111111109), (1111111111), (1234567890), (2000000000), (20000000000)) t (seconds),
            (values (1, 'sha1', 20), (2, 'sha256', 32), (3, 'sha512', 64)) a (place, name, size)
      order by t.seconds, a.place $$,
  array['94287082', '46119246', '90693936', '07081804', '68084774', '25091201', '14050471', '67062674', '99943326',
        '89005924', '91819424', '93441116', '69279037', '90698825', '38618901', '65353130', '77737706', '47863826'],
  'RFC 6238, appendix B: SHA-1, SHA-256, SHA-512');
select results_eq(
  $$ select core.totp('12345678901234567890', n) from generate_series(0, 9) n $$,
  array['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'],
  'RFC 4226, appendix D: six digits');
select is(core.totp(null, 1), null, 'no secret, no code');
select is(core.totp('x', null), null, 'nor without a time');
select throws_ok($$ select core.totp('x', 1, 6, 'md0') $$, '22023', null, 'an unknown algorithm');

set session authorization plinth_web;
select throws_ok($$ select core.totp('x', 1) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
