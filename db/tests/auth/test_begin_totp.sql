-- api.begin_totp: a seed, told once, that nobody is asked for yet.
begin;
select plan(24);

select is(pg_get_function_arguments('api.begin_totp'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('api.begin_totp'::regproc), 'TABLE(secret text, otpauth_uri text)', 'result');
select volatility_is('api', 'begin_totp', array['uuid'], 'volatile');
select is_definer('api', 'begin_totp', array['uuid']);
select function_owner_is('api', 'begin_totp', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.begin_totp'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.begin_totp'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000f301', 'tap_begin_anna', 'tap_begin_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000f302', 'tap_begin_ben', 'tap_begin_ben@example.org');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at, stepped_up_at)
select ('019e0000-0000-7000-8000-00000000' || s.user_id)::uuid, sha256(s.token), sha256(s.token || 'r'),
       now() + interval '1 h', now() + interval '1 day',
       case when s.token <> 'tap_begin 2' then now() end
  from (values ('f301', bytea 'tap_begin 1'), ('f301', 'tap_begin 2'), ('f302', 'tap_begin 3')) as s (user_id, token);
create temp table answer (n integer, secret text, otpauth_uri text);
grant all on answer to plinth_web;

select throws_ok(format('select http.enter(%L, null, sha256(%L), null)', r.auth, 'tap_begin 2'), 'UN003', null, 'no step-up')
  from http.routes r where r.function_name = 'api.begin_totp';
set session authorization plinth_web;
select throws_ok($$ select api.begin_totp('019e0000-0000-7000-8000-00000000f301') $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
select is(e.user_id, '019e0000-0000-7000-8000-00000000f301', 'in a request')
  from http.enter('step_up', null, sha256('tap_begin 1'), '') e;
select throws_ok($$ select api.begin_totp('019e0000-0000-7000-8000-00000000f302') $$,
                 'NP001', 'A request acts for its own caller only', 'not another user''s');
insert into answer select 1, b.* from api.begin_totp('019e0000-0000-7000-8000-00000000f301') b;
insert into answer select 2, b.* from api.begin_totp('019e0000-0000-7000-8000-00000000f301') b;
reset session authorization;
select matches(a.secret, '^[A-Z2-7]{32}$', '160 bits in base32') from answer a where a.n = 1;
select is(a.otpauth_uri, core.totp_uri('tap_begin_anna', a.secret), 'and as an app reads it') from answer a where a.n = 1;
select is((select count(distinct a.secret) from answer a), 2::bigint, 'begun again, it is another one');
select is(core.decrypt_secret(t.secret_encrypted, 'totp:019e0000-0000-7000-8000-00000000f301'), a.secret,
          'the last one counts')
  from auth.totp t, answer a where t.user_id = '019e0000-0000-7000-8000-00000000f301' and a.n = 2;
select is(strpos(encode(t.secret_encrypted, 'escape'), a.secret), 0, 'it does not lie in the table in clear')
  from auth.totp t, answer a where t.user_id = '019e0000-0000-7000-8000-00000000f301' and a.n = 2;
select results_eq(
  $$ select t.confirmed_at, u.two_factor_enabled from auth.totp t join auth.users u on u.id = t.user_id
      where u.username = 'tap_begin_anna' $$, $$ values (null::timestamptz, false) $$, 'nobody is asked for it');
select is_empty($$ select from ops.audit_logs l where l.action = 'totp.begun' $$, 'it is the user''s own affair');
select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select isnt(b.secret, null, 'an operator begins for a user') from api.begin_totp('019e0000-0000-7000-8000-00000000f301') b;
reset session authorization;
select results_eq(
  $$ select l.acting_role, l.entity_id from ops.audit_logs l where l.action = 'totp.begun' $$,
  $$ values ('plinth_operator', '019e0000-0000-7000-8000-00000000f301') $$, 'on record');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000f301', true);

update auth.totp t set confirmed_at = now() where t.user_id = '019e0000-0000-7000-8000-00000000f301';
set session authorization plinth_web;
select throws_ok($$ select api.begin_totp('019e0000-0000-7000-8000-00000000f301') $$,
                 'KC004', 'There is a second factor already; remove it first', 'a confirmed one stays');
select set_config('plinth.secret_keys', '', true);
select is(e.user_id, '019e0000-0000-7000-8000-00000000f302', 'another user')
  from http.enter('user', null, sha256('tap_begin 3'), '') e;
select throws_ok($$ select api.begin_totp('019e0000-0000-7000-8000-00000000f302') $$, 'SV503', null, 'not without keys');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select api.begin_totp('019e0000-0000-7000-8000-00000000f301') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
