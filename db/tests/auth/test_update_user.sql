-- api.update_user: an administrator changes an account.
begin;
select plan(22);

select is(pg_get_function_arguments('api.update_user'::regproc),
  'p_id uuid, p_username text DEFAULT NULL::text, p_email text DEFAULT NULL::text, p_full_name text DEFAULT '
  'NULL::text, p_avatar_url text DEFAULT NULL::text, p_bio text DEFAULT NULL::text, p_status text DEFAULT '
  'NULL::text, p_tier text DEFAULT NULL::text, p_email_verified boolean DEFAULT NULL::boolean, p_metadata jsonb '
  'DEFAULT NULL::jsonb, p_version integer DEFAULT NULL::integer', 'arguments');
select is(pg_get_function_result('api.update_user'::regproc),
  'SETOF core.user_accounts', 'result');
select volatility_is('api', 'update_user',
  array['uuid', 'text', 'text', 'text', 'text', 'text', 'text', 'text', 'boolean', 'jsonb', 'integer'], 'volatile');
select is_definer('api', 'update_user',
  array['uuid', 'text', 'text', 'text', 'text', 'text', 'text', 'text', 'boolean', 'jsonb', 'integer']);
select function_owner_is('api', 'update_user',
  array['uuid', 'text', 'text', 'text', 'text', 'text', 'text', 'text', 'boolean', 'jsonb', 'integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.update_user'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.update_user'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000f901', 'tap_set_admin', 'tap_set_admin@example.org'),
  ('019e0000-0000-7000-8000-00000000f902', 'tap_set_anna', 'tap_set_anna@example.org');
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000f901', 'administrator'), ('019e0000-0000-7000-8000-00000000f902', 'user');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at)
values ('019e0000-0000-7000-8000-00000000f902', sha256('tap set 1'), sha256('tap set 2'), now() + interval '1 h', now());
set session authorization plinth_web;
select throws_ok($$ select api.update_user('019e0000-0000-7000-8000-00000000f902', p_tier => 'pro') $$, 'UN001', null,
                 'nobody is signed in');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000f902', true);
select throws_ok($$ select api.update_user('019e0000-0000-7000-8000-00000000f902', p_bio => 'x') $$, 'NP001',
                 'This needs the permission users:write', 'not even oneself');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000f901', true);
select results_eq(
  $$ select u.username, u.email, u.full_name, u.avatar_url, u.bio, u.tier, u.email_verified, u.metadata, u.version
       from api.update_user('019e0000-0000-7000-8000-00000000f902', 'tap_set_cora', 'cora@example.org', 'Cora',
         'https://e.org/c.png',
              'bio', null, 'pro', true, '{"a": null, "b": {"c": null}}', 1) u $$,
  $$ values ('tap_set_cora', 'cora@example.org', 'Cora', 'https://e.org/c.png', 'bio', 'pro', true,
             '{"a": null, "b": {"c": null}}'::jsonb, 2) $$, 'everything at once');
select is((select u.version from api.update_user('019e0000-0000-7000-8000-00000000f902') u), 2, 'nothing is no change');
select is((select u.status from api.update_user('019e0000-0000-7000-8000-00000000f902', p_status => 'suspended') u), 'suspended',
          'status');
select throws_ok($$ select api.update_user('019e0000-0000-7000-8000-00000000f902', p_bio => 'x', p_version => 2) $$, 'KC002',
                 'The version is 3 by now, not 2', 'changed meanwhile');
select throws_ok($$ select api.update_user('019e0000-0000-7000-8000-00000000f902', p_status => 'gone') $$, 'VL001', null,
                 'a wrong field');
select throws_ok($$ select api.update_user('019e0000-0000-7000-8000-00000000f902', p_username => 'tap_set_admin') $$,
                 'KC001', null, 'taken');
select throws_ok($$ select api.update_user('019e0000-0000-7000-8000-00000000f9ff', p_bio => 'x') $$, 'NF001', null,
                 'nobody has this id');
select throws_ok($$ select api.update_user(null, p_bio => 'x') $$, 'NF001', null, 'nor none');
reset session authorization;
select is_empty($$ select from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000f902' and s.ended_at is null $$,
                'who is suspended is signed out');
select isnt_empty(
  $$ select from ops.audit_logs l where l.user_id = '019e0000-0000-7000-8000-00000000f902' and l.action = 'update'
        and l.actor_id = '019e0000-0000-7000-8000-00000000f901' and l.changed = '{status}' $$, 'who did it is on record');

-- The last administrator cannot be suspended: the others of this database are out of the way.
update auth.users set status = 'suspended' where 'administrator' = any (roles) and username <> 'tap_set_admin';
select set_config('plinth.caller', '', true);
set session authorization plinth_operator;
select throws_ok($$ select api.update_user('019e0000-0000-7000-8000-00000000f901', p_status => 'suspended') $$, 'KC003', null,
                 'the last administrator stays');
reset session authorization;
select set_config('plinth.caller', '', true);
update auth.users set status = 'deleted' where username = 'tap_set_cora';
set session authorization plinth_operator;
select throws_ok($$ select api.update_user('019e0000-0000-7000-8000-00000000f902', p_bio => 'x') $$, 'KC004', null,
                 'a deleted account');
select lives_ok($$ select api.update_user('019e0000-0000-7000-8000-00000000f901', p_bio => 'x') $$, 'an operator changes any');
reset session authorization;

select * from finish();
rollback;
