-- auth.tg_user_roles__keep_roles: the roles shown with an account are those it has, whoever changes them.
begin;
select plan(12);

select is(pg_get_function_arguments('auth.tg_user_roles__keep_roles'::regproc), '', 'arguments');
select is(pg_get_function_result('auth.tg_user_roles__keep_roles'::regproc), 'trigger', 'result');
select volatility_is('auth', 'tg_user_roles__keep_roles', '{}'::name[], 'volatile');
select is_definer('auth', 'tg_user_roles__keep_roles', '{}'::name[]);
select function_owner_is('auth', 'tg_user_roles__keep_roles', '{}'::name[], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'auth.tg_user_roles__keep_roles'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_system}', 'who may call it') from pg_proc p
 where p.oid = 'auth.tg_user_roles__keep_roles'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000ae01', 'tap_keep_anna', 'tap_keep_anna@example.org'),
  ('019e0000-0000-7000-8000-00000000ae02', 'tap_keep_ben', 'tap_keep_ben@example.org');
create temp view shown as
select right(u.id::text, 4) as id, u.roles, u.version from auth.users u
 where u.id in ('019e0000-0000-7000-8000-00000000ae01', '019e0000-0000-7000-8000-00000000ae02') order by 1;

select results_eq('select * from shown', $$ values ('ae01', '{}'::text[], 1), ('ae02', '{}', 1) $$, 'none at first');

insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000ae01', 'user'), ('019e0000-0000-7000-8000-00000000ae01', 'developer'),
  ('019e0000-0000-7000-8000-00000000ae02', 'user');
select results_eq('select * from shown', $$ values ('ae01', '{developer,user}'::text[], 1), ('ae02', '{user}', 1) $$,
                  'given: in order, and the profile itself did not change');

update auth.user_roles set role = 'readonly'
 where user_id = '019e0000-0000-7000-8000-00000000ae01' and role = 'user';
select results_eq('select * from shown', $$ values ('ae01', '{developer,readonly}'::text[], 1), ('ae02', '{user}', 1) $$,
                  'changed');

delete from auth.user_roles where user_id = '019e0000-0000-7000-8000-00000000ae01';
select results_eq('select * from shown', $$ values ('ae01', '{}'::text[], 1), ('ae02', '{user}', 1) $$, 'taken');

select lives_ok($$ delete from auth.users where id = '019e0000-0000-7000-8000-00000000ae02' $$,
                'an account that goes takes its roles along');

select * from finish();
rollback;
