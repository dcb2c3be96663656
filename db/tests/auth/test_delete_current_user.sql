-- api.delete_current_user: who deletes the own account needs its password.
begin;
select plan(27);

select is(pg_get_function_arguments('api.delete_current_user'::regproc),
  'p_user_id uuid, p_password text', 'arguments');
select is(pg_get_function_result('api.delete_current_user'::regproc),
  'void', 'result');
select volatility_is('api', 'delete_current_user', array['uuid', 'text'], 'volatile');
select is_definer('api', 'delete_current_user', array['uuid', 'text']);
select function_owner_is('api', 'delete_current_user', array['uuid', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.delete_current_user'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.delete_current_user'::regproc;

insert into auth.users (id, username, email, password_hash) values
  ('019e0000-0000-7000-8000-00000000ff01', 'tap_leave_anna', 'tap_leave_anna@example.org',
    core.hash_password('anna likes to leave early')),
  ('019e0000-0000-7000-8000-00000000ff02', 'tap_leave_ben', 'tap_leave_ben@example.org', null);
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-00000000ff01', 'user');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
values ('019e0000-0000-7000-8000-00000000ff01', sha256('tap leave 1'), sha256('tap leave 2'), now() + interval '1 h', now());
select core.issue_one_time_token('019e0000-0000-7000-8000-00000000ff01', 'reset_password', '1 hour') is null as lost \gset
create temp view anna as select u.* from auth.users u where u.username = 'tap_leave_anna';
set session authorization plinth_web;
select throws_ok($$ select api.delete_current_user('019e0000-0000-7000-8000-00000000ff01', 'x') $$, 'UN001', null,
                 'nobody is signed in');
select is(e.user_id, '019e0000-0000-7000-8000-00000000ff01', 'the request is let in')
  from http.enter('session', 'self:write', sha256('tap leave 1'), E'req\x1f192.0.2.44\x1fcurl') e;
select throws_ok($$ select api.delete_current_user('019e0000-0000-7000-8000-00000000ff02', 'x') $$, 'NP001', null,
                 'not another user');
select lives_ok($$ select api.delete_current_user('019e0000-0000-7000-8000-00000000ff01', 'wrong') $$,
                'a wrong password is no exception');
select is(current_setting('plinth.failure')::json ->> 'code', 'UN002', 'but a failure that is kept');
select lives_ok($$ select api.delete_current_user('019e0000-0000-7000-8000-00000000ff01', null) $$, 'so is none');
reset session authorization;
select is(a.status, 'active', 'nothing is deleted') from anna a;
select isnt_empty($$ select from ops.audit_logs l where l.action = 'user.delete_refused' and l.user_id = (select a.id
  from anna a) $$,
                  'the attempt is on record');
select isnt_empty($$ select from auth.attempts a where a.kind = 'password' and a.failures > 0
                      and a.subject = core.attempt_digest('tap_leave_anna') $$, 'and counted');
set session authorization plinth_web;
select lives_ok($$ select api.delete_current_user('019e0000-0000-7000-8000-00000000ff01', 'anna likes to leave early') $$,
                'the right one');
reset session authorization;
select results_eq('select a.status, a.erase_after - a.deleted_at from anna a', $$ values ('deleted', interval '30 days') $$,
                  'for 30 days it can be had back');
select is_empty($$ select from auth.sessions s where s.user_id = (select a.id from anna a) and s.ended_at is null $$,
                'it is signed out');
select is_empty($$ select from auth.one_time_tokens t where t.user_id = (select a.id from anna a)
                    and t.kind = 'reset_password' and t.voided_at is null $$, 'links sent before are void');
select isnt_empty($$ select from ops.audit_logs l where l.action = 'user.deleted' and l.user_id = (select a.id from anna a) $$,
                  'it is on record');
select results_eq($$ select o.kind, o.address, o.token_id is not null from ops.outbox o
                      where o.user_id = (select a.id from anna a) $$,
                  $$ values ('account_deleted', 'tap_leave_anna@example.org', true) $$, 'a link is mailed');
set session authorization plinth_web;
select throws_ok($$ select api.delete_current_user('019e0000-0000-7000-8000-00000000ff01', 'anna likes to leave early') $$,
                 'NF001', 'There is no such account', 'it is deleted');
reset session authorization;

select set_config('plinth.caller', '', true), set_config('plinth.failure', '', true);
set session authorization plinth_operator;
select lives_ok($$ select api.delete_current_user('019e0000-0000-7000-8000-00000000ff02', 'x') $$,
                'without a password there is no right one');
reset session authorization;
select is(current_setting('plinth.failure')::json ->> 'code', 'UN002', 'so it is refused');

-- The last administrator stays, and who tries too often waits.
insert into auth.users (id, username, email, password_hash) values
  ('019e0000-0000-7000-8000-00000000ff03', 'tap_leave_root', 'tap_leave_root@example.org',
   core.hash_password('the last one who can leave'));
insert into auth.user_roles (user_id, role) values ('019e0000-0000-7000-8000-00000000ff03', 'administrator');
update auth.users set status = 'suspended' where 'administrator' = any (roles) and username <> 'tap_leave_root';
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000ff03', true),
       set_config('plinth.context', E'\x1freq\x1f192.0.2.45\x1fcurl', true), set_config('plinth.failure', '', true);
set session authorization plinth_web;
select throws_ok($$ select api.delete_current_user('019e0000-0000-7000-8000-00000000ff03', 'the last one who can leave') $$,
                 'KC003', null, 'the last administrator stays');
select count(api.delete_current_user('019e0000-0000-7000-8000-00000000ff03', 'wrong')) from generate_series(1, 7);
select is(current_setting('plinth.failure')::json ->> 'code', 'RL002', 'too many attempts');
reset session authorization;

select * from finish();
rollback;
