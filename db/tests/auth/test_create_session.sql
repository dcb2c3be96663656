-- api.create_session: signs in. Tokens are told once and kept as digests; a failure is kept and undoes nothing.
begin;
select plan(46);

select is(pg_get_function_arguments('api.create_session'::regproc),
  'p_login text, p_password text, p_totp text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.create_session'::regproc),
  'TABLE(token text, refresh_token text, expires_at timestamp with time zone, "user" json)', 'result');
select volatility_is('api', 'create_session', array['text', 'text', 'text'], 'volatile');
select is_definer('api', 'create_session', array['text', 'text', 'text']);
select function_owner_is('api', 'create_session', array['text', 'text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.create_session'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.create_session'::regproc;

insert into auth.users (id, username, email, password_hash) values
  ('019e0000-0000-7000-8000-00000000a201', 'tap_session_anna', 'tap_session_anna@example.org',
   core.hash_password('correct horse battery')),
  ('019e0000-0000-7000-8000-00000000a202', 'tap_session_ben', 'tap_session_ben@example.org',
   core.hash_password('correct horse battery'));
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-00000000a201', 'developer');
update base.settings s set value = '7' where s.name = 'session.access_minutes';
update base.settings s set value = '3' where s.name = 'session.refresh_days';
update base.settings s set value = '2' where s.name = 'session.limit';

select set_config('plinth.context', concat_ws(E'\x1f', '', 'req-1', '192.0.2.7', 'curl/8'), true);
create temp table answer as select c.* from api.create_session('Tap_Session_Anna', 'correct horse battery') c;
create temp table kept as select s.* from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000a201';

select matches(a.token, '^pls_a201[A-Za-z0-9_-]{43}[0-9a-f]{6}$', 'a session token') from answer a;
select matches(a.refresh_token, '^plr_a201[A-Za-z0-9_-]{43}[0-9a-f]{6}$', 'a refresh token') from answer a;
select is(a.expires_at, now() + interval '7 minutes', 'how long it lives is a setting') from answer a;
select results_eq(
  $$ select a."user" ->> 'id', a."user" ->> 'username', a."user" ->> 'tier', a."user" -> 'roles' ->> 0 from answer a $$,
  $$ values ('019e0000-0000-7000-8000-00000000a201', 'tap_session_anna', 'free', 'developer') $$, 'and the user');
select is(u.last_login_at, now(), 'the account knows when') from answer a join auth.users u on u.id = (a."user" ->> 'id')::uuid;
select is(u.login_count, 0, 'and no other does') from auth.users u where u.username = 'tap_session_ben';
select is(array(select json_object_keys(a."user")),
          (select array_agg(c.attname::text order by c.attnum) from pg_attribute c
            where c.attrelid = 'core.user_profiles'::regclass and c.attnum > 0), 'with exactly what its owner may see')
  from answer a;

select results_eq(
  $$ select k.token_hash, k.refresh_hash, k.expires_at, k.refresh_expires_at from kept k $$,
  $$ select sha256(convert_to(a.token, 'UTF8')), sha256(convert_to(a.refresh_token, 'UTF8')), a.expires_at,
            now() + interval '3 days' from answer a $$, 'one session: digests and dates');
select results_eq('select k.address, k.user_agent, k.ended_at from kept k',
  $$ values (inet '192.0.2.7', 'curl/8', null::timestamptz) $$, 'from where; not ended');
select is_empty(
  $$ select from kept k, answer a
      where k::text like '%' || a.token || '%' or k::text like '%' || a.refresh_token || '%' $$,
  'no token is in the table');
select results_eq(
  $$ select u.last_login_at, u.login_count, u.version from auth.users u where u.username = 'tap_session_anna' $$,
  $$ values (now(), 1, 1) $$, 'a sign-in is counted and is no change of the profile');
select results_eq(
  $$ select l.action, l.user_id, l.request_id from compat.audit_logs l join kept k on l.entity_id = k.id::text $$,
  $$ values ('sign_in', uuid '019e0000-0000-7000-8000-00000000a201', 'req-1') $$, 'and on record');
select is(nullif(current_setting('plinth.failure', true), ''), null, 'no failure');

-- At most so many; the oldest gives way.
insert into auth.sessions (user_id, token_hash, refresh_hash, created_at, expires_at, refresh_expires_at)
select '019e0000-0000-7000-8000-00000000a202', sha256(s.token), sha256(s.token || 'r'), now() - s.age,
       now() + s.rest, now() + s.rest
  from (values (bytea 'tap1', interval '9 days', interval '1 day'),
               (bytea 'tap3', interval '8 days', interval '1 day'),
               (bytea 'tap5', interval '1 hour', interval '0')) as s (token, age, rest);
select is((select count(*) from api.create_session('tap_session_ben@example.org', 'correct horse battery')), 1::bigint,
          'by the address');
select results_eq(
  $$ select s.token_hash, s.end_reason from auth.sessions s
      where s.user_id = '019e0000-0000-7000-8000-00000000a202' and s.created_at < now() order by s.created_at $$,
  $$ values (sha256('tap1'), 'too many sessions'), (sha256('tap3'), null::text), (sha256('tap5'), null) $$,
  'the oldest is ended; what has run out by itself does not count');
select is((select s.ended_at from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000a201'), null,
          'nobody else''s is');

-- A failure.
select is_empty($$ select * from api.create_session('tap_session_anna', 'wrong horse battery') $$, 'no row');
select is(current_setting('plinth.failure')::jsonb,
  '{"code": "UN002", "message": "The login and the password do not belong together", "field": null}'::jsonb,
  'UN002, kept');
select is((select count(*) from ops.audit_logs l where l.action = 'sign_in.refused'
            and l.user_id = '019e0000-0000-7000-8000-00000000a201'), 1::bigint, 'the attempt is on record');
select set_config('plinth.failure', '', true);
select is_empty($$ select * from api.create_session('tap_session_nobody', 'correct horse battery') $$,
                'an unknown login');
select is(current_setting('plinth.failure')::jsonb ->> 'message', 'The login and the password do not belong together',
          'is told in the same words');
select is_empty($$ select * from api.create_session('tap_session_anna', null) $$, 'no password');
select is_empty($$ select * from api.create_session(null, 'correct horse battery') $$, 'no login');
select is((select count(*) from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000a201'), 1::bigint,
          'no session came of any of them');

-- With a second factor: only who knows the password learns that there is one.
insert into auth.totp (user_id, secret_encrypted, confirmed_at)
values ('019e0000-0000-7000-8000-00000000a202', core.encrypt_secret(core.base32_encode('12345678901234567890'),
                                                                    'totp:019e0000-0000-7000-8000-00000000a202'), now());
insert into auth.recovery_codes (user_id, code_hash) values ('019e0000-0000-7000-8000-00000000a202', sha256('ABCDEFGH'));
create function pg_temp.code() returns text language sql volatile as $$
  select core.totp('12345678901234567890', floor(extract(epoch from clock_timestamp()) / 30)::bigint)
$$;
select is_empty($$ select * from api.create_session('tap_session_ben', 'wrong horse battery', pg_temp.code()) $$,
                'a wrong password beside the right code');
select is(current_setting('plinth.failure')::jsonb ->> 'code', 'UN002', 'is a wrong password');
select is_empty($$ select * from api.create_session('tap_session_ben', 'correct horse battery') $$, 'no code');
select is(current_setting('plinth.failure')::jsonb,
  '{"code": "UN004", "message": "Send the code of your second factor, or a recovery code", "field": "totp"}'::jsonb,
  'UN004, kept');
select is_empty($$ select * from api.create_session('tap_session_ben', 'correct horse battery', 'wrong') $$, 'a wrong code');
select is(current_setting('plinth.failure')::jsonb,
  '{"code": "UN002", "message": "The login and the password do not belong together", "field": null}'::jsonb,
  'in the words of a wrong password');
select set_config('plinth.failure', '', true);
select isnt_empty($$ select * from api.create_session('tap_session_ben', 'correct horse battery', pg_temp.code()) $$,
                  'both are right');
select is_empty($$ select * from api.create_session('tap_session_ben', 'correct horse battery',
                     (select core.totp('12345678901234567890', t.last_step) from auth.totp t
                       where t.user_id = '019e0000-0000-7000-8000-00000000a202')) $$, 'the same code again');
select isnt_empty($$ select * from api.create_session('tap_session_ben', 'correct horse battery', 'abcd efgh') $$,
                  'a recovery code in its place');
select is_empty($$ select * from api.create_session('tap_session_ben', 'correct horse battery', 'abcd efgh') $$, 'once');
select is((select count(*) from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000a202'
             and s.stepped_up_at is not null and s.refresh_expires_at = now() + interval '1 h'), 2::bigint,
          'two sessions came of it, each stepped up, each for as long as a second factor allows');

do $$ begin perform api.create_session('tap_session_often', 'wrong') from generate_series(1, 5); end $$;
select is_empty($$ select * from api.create_session('tap_session_often', 'wrong') $$, 'once too often');
select is(current_setting('plinth.failure')::jsonb ->> 'code', 'RL002', 'it has to wait');
select set_config('plinth.failure', '', true);

set session authorization plinth_web;
select isnt_empty($$ select from api.create_session('tap_session_anna', 'correct horse battery') $$,
                  'the layer signs in without a caller');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.create_session('tap_session_anna', 'x') $$, '42501', null, 'a reader does not');
reset session authorization;

select * from finish();
rollback;
