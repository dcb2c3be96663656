-- api.delete_user: an administrator deletes an account, which can be restored for a while.
begin;
select plan(20);

select is(pg_get_function_arguments('api.delete_user'::regproc),
  'p_id uuid', 'arguments');
select is(pg_get_function_result('api.delete_user'::regproc),
  'void', 'result');
select volatility_is('api', 'delete_user', array['uuid'], 'volatile');
select is_definer('api', 'delete_user', array['uuid']);
select function_owner_is('api', 'delete_user', array['uuid'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.delete_user'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.delete_user'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fa01', 'tap_drop_admin', 'tap_drop_admin@example.org'),
  ('019e0000-0000-7000-8000-00000000fa02', 'tap_drop_anna', 'tap_drop_anna@example.org');
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000fa01', 'administrator'), ('019e0000-0000-7000-8000-00000000fa02', 'user');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
values ('019e0000-0000-7000-8000-00000000fa02', sha256('tap drop 1'), sha256('tap drop 2'), now() + interval '1 h', now());
select core.issue_one_time_token('019e0000-0000-7000-8000-00000000fa02', 'account_deleted', '1 day') is null as lost \gset
set session authorization plinth_web;
select throws_ok($$ select api.delete_user('019e0000-0000-7000-8000-00000000fa02') $$, 'UN001', null, 'nobody is signed in');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000fa02', true);
select throws_ok($$ select api.delete_user('019e0000-0000-7000-8000-00000000fa02') $$, 'NP001', null, 'not even oneself');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000fa01', true);
select throws_ok($$ select api.delete_user('019e0000-0000-7000-8000-00000000fa01') $$, 'NP001',
                 'This is your own account: see /v1/me', 'not himself: there the password is asked for');
select lives_ok($$ select api.delete_user('019e0000-0000-7000-8000-00000000fa02') $$, 'an administrator deletes');
select lives_ok($$ select api.delete_user('019e0000-0000-7000-8000-00000000fa02') $$, 'twice is no error');
select throws_ok($$ select api.delete_user('019e0000-0000-7000-8000-00000000faff') $$, 'NF001', null, 'nobody has this id');
reset session authorization;
select results_eq(
  $$ select u.status, u.deleted_at > now() - interval '1 min', u.erase_after - u.deleted_at
       from auth.users u where u.username = 'tap_drop_anna' $$,
  $$ values ('deleted', true, interval '30 days') $$, 'for 30 days it can be restored');
select is_empty($$ select from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000fa02' and s.ended_at is null $$,
                'it is signed out');
select is_empty($$ select from auth.one_time_tokens t where t.user_id = '019e0000-0000-7000-8000-00000000fa02'
  and t.voided_at is null $$,
                'its owner cannot take it back');
select throws_ok($$ insert into auth.users (username, email) values ('Tap_Drop_Anna', 'other@example.org') $$, '23505', null,
                 'its names stay taken');
select is((select count(*) from ops.audit_logs l where l.action = 'user.deleted'
             and l.user_id = '019e0000-0000-7000-8000-00000000fa02'), 1::bigint, 'it is on record, once');
update auth.users set status = 'suspended' where 'administrator' = any (roles) and username <> 'tap_drop_admin';
select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select throws_ok($$ select api.delete_user('019e0000-0000-7000-8000-00000000fa01') $$, 'KC003', null,
                 'the last administrator stays');
reset session authorization;
select set_config('plinth.caller', '', true);
set session authorization plinth_reader;
select throws_ok($$ select api.delete_user('019e0000-0000-7000-8000-00000000fa02') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
