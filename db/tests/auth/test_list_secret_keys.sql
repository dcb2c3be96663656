-- api.list_secret_keys: which keys something in this database still needs.
begin;
select plan(12);

select is(pg_get_function_arguments('api.list_secret_keys'::regproc),
  '', 'arguments');
select is(pg_get_function_result('api.list_secret_keys'::regproc),
  'TABLE(key_id text, in_force boolean, at_hand boolean, first_used_at timestamp with time zone, secrets bigint, '
  'passwords bigint, seals bigint)', 'result');
select volatility_is('api', 'list_secret_keys', '{}'::name[], 'stable');
select is_definer('api', 'list_secret_keys', '{}'::name[]);
select function_owner_is('api', 'list_secret_keys', '{}'::name[], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.list_secret_keys'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_secret_keys'::regproc;

delete from ops.secret_keys;
create function pg_temp.bring(variadic p_keys text[]) returns void language sql volatile as $$
  select set_config('plinth.secret_keys', array_to_string(p_keys, ','), true)
$$;
insert into auth.users (id, username, email, password_hash) values
  ('019e0000-0000-7000-8000-0000000ab320', 'tap_count_anna', 'tap_count_anna@example.org', 'paaaaaaaa$2a$05$' || repeat('a', 53)),
  ('019e0000-0000-7000-8000-0000000ab321', 'tap_count_ben', 'tap_count_ben@example.org', 'pbbbbbbbb$2a$05$' || repeat('a', 53)),
  ('019e0000-0000-7000-8000-0000000ab322', 'tap_count_carl', 'tap_count_carl@example.org', 'paaaaaaaa$2a$05$' || repeat('b', 53));
select pg_temp.bring('aaaaaaaa:' || repeat('ab', 32));
select core.adopt_secret_key();
insert into auth.provider_keys (user_id, provider, name, secret_encrypted, last_four, fingerprint)
values ('019e0000-0000-7000-8000-0000000ab320', 'x', 'x', core.encrypt_secret('x', 'tap'), '', '');
insert into ops.outbox (user_id, id, kind, address, language, token_encrypted) values
  ('019e0000-0000-7000-8000-0000000ab320', '019e0000-0000-7000-8000-0000000ab331', 'reset_password', 'tap@example.org', 'en',
   core.encrypt_secret('x', 'tap')),
  ('019e0000-0000-7000-8000-0000000ab320', '019e0000-0000-7000-8000-0000000ab332', 'password_changed', 'tap@example.org', 'en',
   null);
insert into ops.audit_erasures (audit_id, reason, key_id, digest) values (base.new_id(), 'of this test', 'aaaaaaaa', sha256(''));
select pg_temp.bring('bbbbbbbb:' || repeat('cd', 32), 'aaaaaaaa:' || repeat('ab', 32));
create temp view listed as
select k.key_id, k.in_force, k.at_hand, k.first_used_at, k.secrets, k.passwords, k.seals from api.list_secret_keys() k
 where k.key_id in ('aaaaaaaa', 'bbbbbbbb', 'cccccccc');
grant select on listed to plinth_operator;

set session authorization plinth_operator;
select results_eq('select * from listed',
  $$ values ('bbbbbbbb', true, true, null::timestamptz, 0::bigint, 1::bigint, 0::bigint),
            ('aaaaaaaa', false, true, now(), 2, 2, 1) $$, 'what each is needed for');
select pg_temp.bring('bbbbbbbb:' || repeat('cd', 32));
select is((select l.at_hand from listed l where l.key_id = 'aaaaaaaa'), false, 'and that one is not at hand');
reset session authorization;
select set_config('plinth.caller', '019e0000-0000-7000-8000-0000000ab320', true);
select throws_ok('select api.list_secret_keys()', 'NP001', 'This needs the permission settings:read',
  'a caller without the permission');
select set_config('plinth.caller', '', true);
set session authorization plinth_web;
select throws_ok('select api.list_secret_keys()', '42501', null, 'not over HTTP');
reset session authorization;
set session authorization plinth_reader;
select throws_ok('select api.list_secret_keys()', '42501', null, 'nor for a reader');
reset session authorization;

select * from finish();
rollback;
