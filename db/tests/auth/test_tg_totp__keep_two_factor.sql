-- auth.tg_totp__keep_two_factor: an account says whether it has a second factor, whoever changed that.
begin;
select plan(15);

select is(pg_get_function_arguments('auth.tg_totp__keep_two_factor'::regproc), '', 'arguments');
select is(pg_get_function_result('auth.tg_totp__keep_two_factor'::regproc), 'trigger', 'result');
select volatility_is('auth', 'tg_totp__keep_two_factor', '{}'::name[], 'volatile');
select is_definer('auth', 'tg_totp__keep_two_factor', '{}'::name[]);
select function_owner_is('auth', 'tg_totp__keep_two_factor', '{}'::name[], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'auth.tg_totp__keep_two_factor'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'auth.tg_totp__keep_two_factor'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000fa01', 'tap_keep2_anna', 'tap_keep2_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000fa02', 'tap_keep2_ben', 'tap_keep2_ben@example.org');
create temp view told as
  select array_agg(u.two_factor_enabled order by u.id) as told, array_agg(u.version order by u.id) as versions
    from auth.users u where u.username ~ '^tap_keep2_';

insert into auth.totp (user_id, secret_encrypted) values ('019e0000-0000-7000-8000-00000000fa01', 'x');
select is(t.told, '{f,f}', 'only begun') from told t;
select is(t.versions, '{1,1}', 'which is no change of the account') from told t;
update auth.totp t set confirmed_at = now() where t.user_id = '019e0000-0000-7000-8000-00000000fa01';
select is(t.told, '{t,f}', 'confirmed') from told t;
update auth.totp t set confirmed_at = now() - interval '1 day' where t.user_id = '019e0000-0000-7000-8000-00000000fa01';
select is(t.versions, '{2,1}', 'confirmed at another time: no news') from told t;
select isnt_empty($$ select from base.touched_tags t where t.tag = 'profile:019e0000-0000-7000-8000-00000000fa01' $$,
                  'copies of the profile are void');
delete from auth.totp t where t.user_id = '019e0000-0000-7000-8000-00000000fa01';
select is(t.told, '{f,f}', 'removed') from told t;
insert into auth.totp (user_id, secret_encrypted, confirmed_at) values ('019e0000-0000-7000-8000-00000000fa02', 'x', now());
select is(t.told, '{f,t}', 'brought in as confirmed') from told t;
select lives_ok($$ delete from auth.users u where u.username = 'tap_keep2_ben' $$, 'an account goes with it');

select * from finish();
rollback;
