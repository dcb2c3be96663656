-- core.new_recovery_codes: ten codes of 128 bits in place of the old ones, kept as digests.
begin;
select plan(12);

select is(pg_get_function_arguments('core.new_recovery_codes'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('core.new_recovery_codes'::regproc), 'text[]', 'result');
select volatility_is('core', 'new_recovery_codes', array['uuid'], 'volatile');
select isnt_definer('core', 'new_recovery_codes', array['uuid']);
select function_owner_is('core', 'new_recovery_codes', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.new_recovery_codes'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.new_recovery_codes'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000f201', 'tap_codes_anna', 'tap_codes_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000f202', 'tap_codes_ben', 'tap_codes_ben@example.org');
insert into auth.totp (user_id, secret_encrypted) values
  ('019e0000-0000-7000-8000-00000000f201', 'x'), ('019e0000-0000-7000-8000-00000000f202', 'x');
insert into auth.recovery_codes (user_id, code_hash) values
  ('019e0000-0000-7000-8000-00000000f201', sha256('old')), ('019e0000-0000-7000-8000-00000000f202', sha256('old'));

create temp table answer as select c.code from unnest(core.new_recovery_codes('019e0000-0000-7000-8000-00000000f201')) as c (code);
select is((select count(distinct a.code) from answer a), 10::bigint, 'ten');
select is((select count(*) from answer a where a.code ~ '^([a-z2-7]{5}-){4}[a-z2-7]{6}$'), 10::bigint,
          '26 letters and digits each');
select set_eq(
  $$ select r.code_hash from auth.recovery_codes r where r.user_id = '019e0000-0000-7000-8000-00000000f201' $$,
  $$ select sha256(convert_to(upper(replace(a.code, '-', '')), 'UTF8')) from answer a $$,
  'kept as digests; the old ones are gone');
select is((select count(*) from auth.recovery_codes r where r.code_hash = sha256('old') and r.user_id::text like '%f202'),
          1::bigint, 'not another user''s');

set session authorization plinth_web;
select throws_ok($$ select core.new_recovery_codes('019e0000-0000-7000-8000-00000000f201') $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
