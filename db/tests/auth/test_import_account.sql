-- core.import_account: one account as an administrator brings it.
begin;
select plan(30);

select is(pg_get_function_arguments('core.import_account'::regproc),
  'p_account jsonb', 'arguments');
select is(pg_get_function_result('core.import_account'::regproc),
  'uuid', 'result');
select volatility_is('core', 'import_account', array['jsonb'], 'volatile');
select isnt_definer('core', 'import_account', array['jsonb']);
select function_owner_is('core', 'import_account', array['jsonb'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.import_account'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.import_account'::regproc;

create function pg_temp.import(p_more jsonb, p_name text default 'tap_import_anna') returns uuid language sql
as $$ select core.import_account(jsonb_build_object('username', p_name, 'email', p_name || '@example.org') || p_more) $$;
select is(pg_temp.import('{"id": "019e0000-0000-7000-8000-00000000F701", "full_name": " Anna ", "tier": "pro",
  "email_verified": true,
  "metadata": {"old": [7]}, "bio": "b", "password_hash": "$2y$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234"}'),
  '019e0000-0000-7000-8000-00000000f701', 'with everything');
select results_eq(
  $$ select u.full_name, u.tier, u.email_verified, u.metadata, u.bio, left(u.password_hash, 7), u.roles, u.status
       from auth.users u where u.username = 'tap_import_anna' $$,
  $$ values ('Anna', 'pro', true, '{"old": [7]}'::jsonb, 'b', '$2y$10$', '{user}'::text[], 'active') $$, 'it is as it was brought');
select is_empty($$ select from ops.outbox o where o.user_id = '019e0000-0000-7000-8000-00000000f701' $$, 'nobody gets mail');
select isnt(pg_temp.import('{}', 'tap_import_ben'), null, 'with what is needed');
select results_eq($$ select u.tier, u.email_verified, u.password_hash from auth.users u where u.username = 'tap_import_ben' $$,
                  $$ values ('free', false, null::text) $$, 'the rest as for anybody');

select throws_ok($$ select pg_temp.import('{"id": "019e0000-0000-7000-8000-00000000f701"}', 'tap_import_cora') $$, 'KC001',
                 'The id is taken', 'a taken id');
select throws_ok($$ select pg_temp.import('{"email": "x@example.org"}') $$, 'KC001', 'The username is taken', 'a taken name');
select throws_ok($$ select pg_temp.import('{"username": "tap_import_cora"}') $$, 'KC001', 'The address is taken',
                 'a taken address');
select throws_ok($$ select core.import_account('[]') $$, 'VL001', 'Each account must be an object', 'no object');
select throws_ok($$ select core.import_account(null) $$, 'VL001', 'Each account must be an object', 'nothing');
select throws_ok($$ select core.import_account('{}') $$, 'VL001', null, 'no name');
select throws_ok($$ select pg_temp.import('{"roles": ["administrator"]}') $$, 'VL002', 'roles is not a field of a new account',
                 'a field that is none');
select throws_ok($$ select pg_temp.import('{"id": "7"}') $$, 'VL001', 'id must be a UUID', 'no id');
select throws_ok($$ select pg_temp.import('{"id": "00000000-0000-0000-0000-000000000000"}') $$, 'VL001',
                 'id must be a UUID other than nil and max', 'the id that stands for nobody');
select throws_ok($$ select pg_temp.import('{"bio": 7}') $$, 'VL001', 'bio must be text', 'no text');
select throws_ok($$ select pg_temp.import('{"email_verified": 1}') $$, 'VL001', 'email_verified must be true or false', 'no truth');
select throws_ok($$ select pg_temp.import('{"avatar_url": "ftp://x"}') $$, 'VL001', null, 'an address that is none');
alter function pg_temp.import security definer;
set session authorization plinth_web;
select throws_ok($$ select pg_temp.import('{}', 'Support') $$, 'VL001', 'username is reserved; choose another',
                 'a name that sounds like the service');
reset session authorization;
alter function pg_temp.import security invoker;
select throws_ok($$ select pg_temp.import('{"tier": "gold"}') $$, 'VL001', 'tier must be one of auth.tiers', 'no tier');
select throws_ok($$ select pg_temp.import('{"metadata": {"a": null}, "password_hash": "5f4dcc3b5aa765d61d8327deb882cf99"}') $$,
                 'VL001',
  'password_hash must be a hash that can be checked, such as bcrypt''s', 'no hash of ours');

-- Who may make accounts may not raise limits by it.
insert into auth.roles (name, description, permissions) values
  ('tap_import_support', 'Tests', '["users:write"]'), ('tap_import_lead', 'Tests', '["users:write", "limits:manage"]');
insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000f702', 'tap_import_support', 'tap_import_support@example.org'),
  ('019e0000-0000-7000-8000-00000000f703', 'tap_import_lead', 'tap_import_lead@example.org');
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000f702', 'tap_import_support'), ('019e0000-0000-7000-8000-00000000f703', 'tap_import_lead');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000f702', true);
select throws_ok($$ select pg_temp.import('{"tier": "enterprise"}', 'tap_import_dora') $$, 'NP001',
                 'This needs the permission limits:manage', 'a tier by who may not manage limits');
select lives_ok($$ select pg_temp.import('{"tier": "free"}', 'tap_import_dora') $$, 'the usual one he may name');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000f703', true);
select lives_ok($$ select pg_temp.import('{"tier": "enterprise"}', 'tap_import_emil') $$, 'a tier by who may');

select * from finish();
rollback;
