-- auth.tg_users__keep_logins: the directory says what the account says; username and address are unique in any case.
begin;
select plan(16);

select is(pg_get_function_arguments('auth.tg_users__keep_logins'::regproc), '', 'arguments');
select is(pg_get_function_result('auth.tg_users__keep_logins'::regproc), 'trigger', 'result');
select volatility_is('auth', 'tg_users__keep_logins', '{}'::name[], 'volatile');
select isnt_definer('auth', 'tg_users__keep_logins', '{}'::name[]);
select function_owner_is('auth', 'tg_users__keep_logins', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'auth.tg_users__keep_logins'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'auth.tg_users__keep_logins'::regproc;

create temp view directory as
select l.login, l.kind, right(l.user_id::text, 4) as id from auth.logins l
 where l.user_id in ('019e0000-0000-7000-8000-00000000ab01', '019e0000-0000-7000-8000-00000000ab02') order by 3, 2;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000ab01', 'Tap_Keep_Anna', 'Tap.Keep@Example.org');
select results_eq('select * from directory',
  $$ values ('tap.keep@example.org', 'email', 'ab01'), ('tap_keep_anna', 'username', 'ab01') $$, 'both, in lower case');

select throws_ok($$ insert into auth.users (username, email) values ('TAP_KEEP_ANNA', 'tap_keep_b@example.org') $$,
                 '23505', null, 'a taken username, in any case');
select throws_ok($$ insert into auth.users (username, email) values ('tap_keep_ben', 'tap.keep@EXAMPLE.org') $$,
                 '23505', null, 'a taken address, in any case');

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000ab02', 'tap_keep_ben', 'tap_keep_ben@example.org');
update auth.users set username = 'Tap_Keep_Anne' where id = '019e0000-0000-7000-8000-00000000ab01';
select results_eq('select * from directory',
  $$ values ('tap.keep@example.org', 'email', 'ab01'), ('tap_keep_anne', 'username', 'ab01'),
            ('tap_keep_ben@example.org', 'email', 'ab02'), ('tap_keep_ben', 'username', 'ab02') $$,
  'a new name is found and the old one is free; nobody else''s changes');
select throws_ok(
  $$ update auth.users set email = 'TAP.KEEP@example.org' where id = '019e0000-0000-7000-8000-00000000ab02' $$,
  '23505', null, 'a change meets the same wall');
select lives_ok(
  $$ update auth.users set username = 'TAP_KEEP_ANNE' where id = '019e0000-0000-7000-8000-00000000ab01' $$,
  'one may write one''s own name differently');
select lives_ok(
  $$ update auth.users set username = 'tap_keep_anna' where id = '019e0000-0000-7000-8000-00000000ab02' $$,
  'a name that was given up can be had');

delete from auth.users where id = '019e0000-0000-7000-8000-00000000ab01';
select results_eq('select d.login from directory d',
                  $$ values ('tap_keep_ben@example.org'), ('tap_keep_anna') $$, 'an account that is gone is not found');
select trigger_is('auth', 'users', '_200_keep_logins', 'auth', 'tg_users__keep_logins');

select * from finish();
rollback;
