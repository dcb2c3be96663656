-- api.get_user: one account, as an administrator sees it.
begin;
select plan(15);

select is(pg_get_function_arguments('api.get_user'::regproc),
  'p_id uuid', 'arguments');
select is(pg_get_function_result('api.get_user'::regproc),
  'SETOF core.user_accounts', 'result');
select volatility_is('api', 'get_user', array['uuid'], 'stable');
select is_definer('api', 'get_user', array['uuid']);
select function_owner_is('api', 'get_user', array['uuid'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.get_user'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_user'::regproc;

insert into auth.users (id, username, email, bio, password_hash) values
  ('019e0000-0000-7000-8000-00000000f801', 'tap_see_admin', 'tap_see_admin@example.org', null, null),
  ('019e0000-0000-7000-8000-00000000f802', 'tap_see_anna', 'tap_see_anna@example.org', 'Anna', 'hush');
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000f801', 'administrator'), ('019e0000-0000-7000-8000-00000000f802', 'developer');
set session authorization plinth_web;
select throws_ok($$ select api.get_user('019e0000-0000-7000-8000-00000000f802') $$, 'UN001', 'Nobody is signed in',
                 'nobody is signed in');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000f802', true);
select throws_ok($$ select api.get_user('019e0000-0000-7000-8000-00000000f802') $$, 'NP001', 'This needs the permission users:read',
                 'not even oneself');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000f801', true);
select results_eq(
  $$ select a.username, a.email, a.bio, a.has_password, a.roles, a.login_count, a.two_factor_enabled, a.version
       from api.get_user('019e0000-0000-7000-8000-00000000f802') a $$,
  $$ values ('tap_see_anna', 'tap_see_anna@example.org', 'Anna', true, '{developer}'::text[], 0, false, 1) $$,
          'an administrator sees it');
select ok(not row_to_json(a)::text ~ 'hush', 'without its hash') from api.get_user('019e0000-0000-7000-8000-00000000f802') a;
select is_empty($$ select * from api.get_user('019e0000-0000-7000-8000-00000000f8ff') $$, 'nobody has this id');
select is_empty($$ select * from api.get_user(null) $$, 'nor none');
reset session authorization;
select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select is((select a.username from api.get_user('019e0000-0000-7000-8000-00000000f801') a), 'tap_see_admin', 'so does an operator');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.get_user('019e0000-0000-7000-8000-00000000f802') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
