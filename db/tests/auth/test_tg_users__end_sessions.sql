-- auth.tg_users__end_sessions: an account that is not active has no session, whoever changed it.
begin;
select plan(13);

select is(pg_get_function_arguments('auth.tg_users__end_sessions'::regproc), '', 'arguments');
select is(pg_get_function_result('auth.tg_users__end_sessions'::regproc), 'trigger', 'result');
select volatility_is('auth', 'tg_users__end_sessions', '{}'::name[], 'volatile');
select is_definer('auth', 'tg_users__end_sessions', '{}'::name[]);
select function_owner_is('auth', 'tg_users__end_sessions', '{}'::name[], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'auth.tg_users__end_sessions'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_system}', 'who may call it') from pg_proc p where p.oid = 'auth.tg_users__end_sessions'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000ac01', 'tap_stop_anna', 'tap_stop_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000ac02', 'tap_stop_ben', 'tap_stop_ben@example.org');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at, ended_at, end_reason)
select s.user_id::uuid, sha256(s.token), sha256(s.token || 'r'), now() + interval '1 h', now(), s.ended_at, s.reason
  from (values ('019e0000-0000-7000-8000-00000000ac01', bytea 'tap stop 1', null::timestamptz, null),
               ('019e0000-0000-7000-8000-00000000ac01', bytea 'tap stop 2', '2000-01-01', 'before'),
               ('019e0000-0000-7000-8000-00000000ac02', bytea 'tap stop 3', null, null))
    as s (user_id, token, ended_at, reason);
create temp view session as
select right(s.user_id::text, 4) as id, s.end_reason from auth.sessions s
 where s.user_id in ('019e0000-0000-7000-8000-00000000ac01', '019e0000-0000-7000-8000-00000000ac02') order by 1, 2;

update auth.users set full_name = 'Anna' where username = 'tap_stop_anna';
select results_eq('select * from session', $$ values ('ac01', 'before'), ('ac01', null), ('ac02', null) $$,
                  'another change ends nothing');
select lives_ok($$ select http.enter('user', null, sha256('tap stop 1'), '') $$, 'the session works');

update auth.users set status = 'suspended' where username = 'tap_stop_anna';
select results_eq('select * from session',
  $$ values ('ac01', 'account suspended'), ('ac01', 'before'), ('ac02', null) $$,
  'suspended: every session is ended and says why; what ended before stays, nobody else''s is touched');
select throws_ok($$ select http.enter('user', null, sha256('tap stop 1'), '') $$, 'UN001', null, 'and works no more');

update auth.users set status = 'active' where username = 'tap_stop_anna';
select throws_ok($$ select http.enter('user', null, sha256('tap stop 1'), '') $$, 'UN001', null,
                 'an account that is active again signs in anew');

-- The caller of the moment does not matter: the trigger looks across users.
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000ac01', true);
set role plinth_system;
update auth.users set status = 'deleted' where username = 'tap_stop_ben';
reset role;
select results_eq($$ select s.end_reason from session s where s.id = 'ac02' $$, $$ values ('account deleted') $$,
                  'deleted, by another user''s request');

select * from finish();
rollback;
