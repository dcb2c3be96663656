-- auth.tg_users__revoke_api_keys: an account that is not active has no API key.
begin;
select plan(12);

select is(pg_get_function_arguments('auth.tg_users__revoke_api_keys'::regproc),
  '', 'arguments');
select is(pg_get_function_result('auth.tg_users__revoke_api_keys'::regproc),
  'trigger', 'result');
select volatility_is('auth', 'tg_users__revoke_api_keys', '{}'::name[], 'volatile');
select is_definer('auth', 'tg_users__revoke_api_keys', '{}'::name[]);
select function_owner_is('auth', 'tg_users__revoke_api_keys', '{}'::name[], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'auth.tg_users__revoke_api_keys'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'auth.tg_users__revoke_api_keys'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-0000000ab192', 'tap_keys92_anna', 'tap_keys92_anna@example.org'),
    ('019e0000-0000-7000-8000-0000000ab193', 'tap_keys92_ben', 'tap_keys92_ben@example.org');
insert into auth.api_keys (user_id, id, name, prefix, secret_hash, scopes, revoked_at, revoke_reason) values
  ('019e0000-0000-7000-8000-0000000ab192', '019e0000-0000-7000-8000-0000000ab194', 'one', 'plk_', sha256('drop 1'),
    '{*}', null, null),
  ('019e0000-0000-7000-8000-0000000ab192', '019e0000-0000-7000-8000-0000000ab195', 'two', 'plk_', sha256('drop 2'),
    '{*}', '2000-01-01', 'before'),
  ('019e0000-0000-7000-8000-0000000ab193', '019e0000-0000-7000-8000-0000000ab196', 'three', 'plk_', sha256('drop 3'),
    '{*}', null, null);
create temp view held as
select k.name, k.revoke_reason from auth.api_keys k where k.user_id in ('019e0000-0000-7000-8000-0000000ab192',
  '019e0000-0000-7000-8000-0000000ab193') order by k.id;

update auth.users set full_name = 'Anna' where id = '019e0000-0000-7000-8000-0000000ab192';
select results_eq('select * from held', $$ values ('one', null), ('two', 'before'), ('three', null) $$,
  'another change drops nothing');
update auth.users set status = 'suspended' where id = '019e0000-0000-7000-8000-0000000ab192';
select results_eq('select * from held', $$ values ('one', 'account suspended'), ('two', 'before'), ('three', null) $$,
                  'suspended: its keys are revoked and say why');
select throws_ok($$ select http.enter('user', null, sha256('drop 1'), '') $$, 'UN001', null, 'and work no more');
update auth.users set status = 'active' where id = '019e0000-0000-7000-8000-0000000ab192';
select throws_ok($$ select http.enter('user', null, sha256('drop 1'), '') $$, 'UN001', null, 'an active one again makes new ones');

-- The caller of the moment does not matter: the trigger looks across users.
select set_config('plinth.caller', '019e0000-0000-7000-8000-0000000ab193', true);
set role plinth_system;
update auth.users set status = 'deleted' where id = '019e0000-0000-7000-8000-0000000ab192';
update auth.users set status = 'suspended' where id = '019e0000-0000-7000-8000-0000000ab193';
reset role;
select is((select h.revoke_reason from held h where h.name = 'three'), 'account suspended', 'and one''s own');

select * from finish();
rollback;
