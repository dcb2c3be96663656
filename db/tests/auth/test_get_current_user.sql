-- api.get_current_user: the account of the caller, and of nobody else.
begin;
select plan(17);

select is(pg_get_function_arguments('api.get_current_user'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('api.get_current_user'::regproc), 'SETOF core.user_profiles', 'result');
select volatility_is('api', 'get_current_user', array['uuid'], 'stable');
select is_definer('api', 'get_current_user', array['uuid']);
select function_owner_is('api', 'get_current_user', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.get_current_user'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_current_user'::regproc;

insert into auth.users (id, username, email, full_name, tier) values
  ('019e0000-0000-7000-8000-00000000a501', 'tap_get_anna', 'tap_get_anna@example.org', 'Anna', 'pro'),
  ('019e0000-0000-7000-8000-00000000a502', 'tap_get_ben', 'tap_get_ben@example.org', 'Ben', 'free');
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000a501', 'user'), ('019e0000-0000-7000-8000-00000000a501', 'developer');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
values ('019e0000-0000-7000-8000-00000000a501', sha256('tap get 1'), sha256('tap get 2'),
        now() + interval '1 h', now());

set session authorization plinth_web;
select throws_ok($$ select api.get_current_user('019e0000-0000-7000-8000-00000000a501') $$,
                 'UN001', 'Nobody is signed in', 'web: nobody is signed in');
select is(e.user_id, '019e0000-0000-7000-8000-00000000a501', 'web: the request is let in')
  from http.enter('user', null, sha256('tap get 1'), '') e;
select results_eq(
  $$ select u.id, u.username, u.email, u.full_name, u.tier, u.roles, u.status, u.version
       from api.get_current_user('019e0000-0000-7000-8000-00000000a501') u $$,
  $$ values (uuid '019e0000-0000-7000-8000-00000000a501', 'tap_get_anna', 'tap_get_anna@example.org', 'Anna', 'pro',
             '{developer,user}'::text[], 'active', 1) $$, 'web: the caller''s account');
select throws_ok($$ select api.get_current_user('019e0000-0000-7000-8000-00000000a502') $$,
                 'NP001', 'A request acts for its own caller only', 'web: not another''s');
select throws_ok($$ select api.get_current_user(null) $$, 'NP001', null, 'web: not nobody''s');
reset session authorization;

select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select is((select u.full_name from api.get_current_user('019e0000-0000-7000-8000-00000000a501') u), 'Anna',
          'operator: one user');
select is((select u.full_name from api.get_current_user('019e0000-0000-7000-8000-00000000a502') u), 'Ben',
          'operator: and another, in one transaction');
select is_empty($$ select * from api.get_current_user('019e0000-0000-7000-8000-00000000a5ff') $$,
                'operator: nobody has this id');
select throws_ok($$ select api.get_current_user(null) $$, 'VL003', 'Name the user to act for', 'operator: no user');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select api.get_current_user('019e0000-0000-7000-8000-00000000a501') $$, '42501', null,
                 'a reader may not');
reset session authorization;

select * from finish();
rollback;
