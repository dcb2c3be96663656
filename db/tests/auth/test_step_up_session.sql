-- api.step_up_session: shows again who it is; the session gets a new token.
begin;
select plan(34);

select is(pg_get_function_arguments('api.step_up_session'::regproc),
  'p_user_id uuid, p_password text DEFAULT NULL::text, p_totp text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.step_up_session'::regproc),
  'TABLE(token text, expires_at timestamp with time zone)', 'result');
select volatility_is('api', 'step_up_session', array['uuid', 'text', 'text'], 'volatile');
select is_definer('api', 'step_up_session', array['uuid', 'text', 'text']);
select function_owner_is('api', 'step_up_session', array['uuid', 'text', 'text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.step_up_session'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.step_up_session'::regproc;

insert into auth.users (id, username, email, password_hash) values
  ('019e0000-0000-7000-8000-00000000f901', 'tap_step_anna', 'tap_step_anna@example.org',
   core.hash_password('correct horse battery')),
  ('019e0000-0000-7000-8000-00000000f902', 'tap_step_ben', 'tap_step_ben@example.org',
   core.hash_password('correct horse battery'));
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at, stepped_up_at)
select ('019e0000-0000-7000-8000-00000000' || s.user_id)::uuid, sha256(s.token), sha256(s.token || 'r'),
       now() + interval '1 h', now() + interval '1 day', now()
  from (values ('f901', bytea 'tap_step 1'), ('f901', 'tap_step 2'), ('f902', 'tap_step 3')) as s (user_id, token);
create function pg_temp.code(p_steps integer default 0) returns text language sql volatile as $$
  select core.totp('12345678901234567890', floor(extract(epoch from clock_timestamp()) / 30)::bigint + p_steps)
$$;
-- No test crosses into the next step: near its end, the beginning of the next is waited for.
select pg_sleep(greatest(0, 5 - 30 + extract(epoch from clock_timestamp())::numeric % 30));
update auth.sessions s set stepped_up_at = null where s.token_hash in (sha256('tap_step 2'), sha256('tap_step 3'));
create temp table answer (n integer, token text, expires_at timestamptz);
create temp table code as select pg_temp.code(-1) as before, pg_temp.code() as now;
grant all on answer, code to plinth_web;
create function pg_temp.failure() returns text language sql volatile as $$
  select f ->> 'code' || coalesce(' ' || (f ->> 'field'), '')
    from (select nullif(current_setting('plinth.failure', true), '')::json) as t (f)
$$;

set session authorization plinth_web;
select throws_ok($$ select api.step_up_session('019e0000-0000-7000-8000-00000000f901') $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
select is(e.user_id, '019e0000-0000-7000-8000-00000000f901', 'in a request')
  from http.enter('step_up', null, sha256('tap_step 1'), '') e;
select throws_ok($$ select api.step_up_session('019e0000-0000-7000-8000-00000000f902') $$,
                 'NP001', 'A request acts for its own caller only', 'not another user''s');
-- By the password.
select is(e.user_id, '019e0000-0000-7000-8000-00000000f901', 'in the session that has not stepped up')
  from http.enter('session', null, sha256('tap_step 2'), '') e;
select throws_ok($$ select api.step_up_session('019e0000-0000-7000-8000-00000000f901') $$, 'VL003', 'The password is needed',
                 'nothing shown');
select is_empty($$ select api.step_up_session('019e0000-0000-7000-8000-00000000f901', 'wrong horse battery') $$,
                'a wrong password');
select is(pg_temp.failure(), 'UN002', 'is refused, and kept');
select set_config('plinth.failure', '', true);
insert into answer select 1, a.* from api.step_up_session('019e0000-0000-7000-8000-00000000f901', 'correct horse battery', '') a;
select is(pg_temp.failure(), null, 'the right one');
select throws_ok($$ select http.enter('user', null, sha256('tap_step 2'), '') $$, 'UN001', null, 'the old token is dead');
select is(e.user_id, '019e0000-0000-7000-8000-00000000f901', 'the new one does what asks for a step-up')
  from answer a, http.enter('step_up', null, sha256(convert_to(a.token, 'UTF8')), '') e;
reset session authorization;
select results_eq(
  $$ select s.stepped_up_at, s.expires_at, s.refresh_hash from auth.sessions s, answer a
      where s.token_hash = sha256(convert_to(a.token, 'UTF8')) $$,
  $$ values (now(), now() + interval '15 min', sha256('tap_step 2r')) $$, 'the same session, with its refresh token');
select is((select count(*) from ops.audit_logs l where l.action = 'session.stepped_up'
            and l.user_id = '019e0000-0000-7000-8000-00000000f901'), 1::bigint, 'on record');
select isnt_empty($$ select from base.touched_tags t where t.tag = 'sessions:019e0000-0000-7000-8000-00000000f901' $$,
                  'copies of the old token are void');

-- By the second factor.
insert into auth.totp (user_id, secret_encrypted, confirmed_at)
values ('019e0000-0000-7000-8000-00000000f902', core.encrypt_secret(core.base32_encode('12345678901234567890'),
                                                                    'totp:019e0000-0000-7000-8000-00000000f902'), now());
set session authorization plinth_web;
select is(e.user_id, '019e0000-0000-7000-8000-00000000f902', 'ben, who has one')
  from http.enter('session', null, sha256('tap_step 3'), '') e;
select is_empty($$ select api.step_up_session('019e0000-0000-7000-8000-00000000f902', 'correct horse battery') $$,
                'the password is not enough');
select is(split_part(pg_temp.failure(), ' ', 1), 'UN004', 'the code is asked for');
select is_empty($$ select api.step_up_session('019e0000-0000-7000-8000-00000000f902', null, 'wrong') $$, 'a wrong code');
select is(pg_temp.failure(), 'UN002 totp', 'is refused');
select is_empty($$ select api.step_up_session('019e0000-0000-7000-8000-00000000f902', 'wrong horse', c.now) from code c $$,
                'a wrong password beside the right code');
select is(pg_temp.failure(), 'UN002', 'is refused, too');
select set_config('plinth.failure', '', true);
select throws_ok($$ select http.enter('step_up', null, sha256('tap_step 3'), '') $$, 'UN003', null, 'so far nothing is opened');
insert into answer select 2, a.* from code c, api.step_up_session('019e0000-0000-7000-8000-00000000f902', null, c.now) a;
select is(e.user_id, '019e0000-0000-7000-8000-00000000f902', 'the right code')
  from answer a, http.enter('step_up', null, sha256(convert_to(a.token, 'UTF8')), '') e where a.n = 2;
reset session authorization;
select set_config('plinth.context', concat_ws(E'\x1f', (select s.id from auth.sessions s, answer a
  where s.token_hash = sha256(convert_to(a.token, 'UTF8')) and a.n = 2), 'req', '192.0.2.9', 'curl'), true);
set session authorization plinth_web;
select results_eq(
  $$ select api.step_up_session('019e0000-0000-7000-8000-00000000f902', null, '00000' || n) is null from generate_series(1, 5) n $$,
  'select true where false', 'five wrong codes');
select is_empty($$ select api.step_up_session('019e0000-0000-7000-8000-00000000f902', null, '000009') $$, 'one more');
select is(pg_temp.failure(), 'RL002', 'is not looked at');
reset session authorization;

-- A session that ended meanwhile; none at all.
update auth.sessions s set ended_at = now(), end_reason = 'of this test' where s.user_id = '019e0000-0000-7000-8000-00000000f901';
select set_config('plinth.caller', '', true), set_config('plinth.context', '', true);
set session authorization plinth_operator;
select throws_ok($$ select api.step_up_session('019e0000-0000-7000-8000-00000000f901', 'correct horse battery') $$,
                 'UN001', 'There is no session to step up', 'an operator is in no session');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select api.step_up_session('019e0000-0000-7000-8000-00000000f901') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
