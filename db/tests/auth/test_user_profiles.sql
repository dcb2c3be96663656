-- core.user_profiles: an account as its owner sees it; which accounts there are is up to the policies of who asks.
begin;
select plan(10);

insert into auth.users (id, username, email, password_hash) values
  ('019e0000-0000-7000-8000-00000000ae01', 'tap_profile_anna', 'tap_profile_anna@example.org', 'hush'),
  ('019e0000-0000-7000-8000-00000000ae02', 'tap_profile_ben', 'tap_profile_ben@example.org', 'hush');
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000ae01', 'user'), ('019e0000-0000-7000-8000-00000000ae01', 'developer');

select view_owner_is('core', 'user_profiles', 'plinth_owner', 'owner');
select is(c.reloptions, '{security_invoker=true}', 'it asks as whoever asks') from pg_class c
 where c.oid = 'core.user_profiles'::regclass;
select columns_are('core', 'user_profiles', array['id', 'username', 'email', 'full_name', 'avatar_url', 'bio', 'status',
  'tier', 'roles', 'email_verified', 'metadata', 'created_at', 'version']);
select is(array(select a.grantee::regrole::text from aclexplode(c.relacl) a where a.privilege_type = 'SELECT' order by 1
          ), '{plinth_owner,plinth_system}', 'who may read it')
  from pg_class c where c.oid = 'core.user_profiles'::regclass;

select results_eq(
  $$ select p.username, p.email, p.roles, p.tier, p.status, p.metadata, p.version
       from core.user_profiles p where p.id = '019e0000-0000-7000-8000-00000000ae01' $$,
  $$ values ('tap_profile_anna', 'tap_profile_anna@example.org', '{developer,user}'::text[], 'free', 'active',
             '{}'::jsonb, 1) $$, 'an account');
select is(p.roles, '{}', 'roles are a list, also without any')
  from core.user_profiles p where p.id = '019e0000-0000-7000-8000-00000000ae02';

select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000ae01', true);
set role plinth_owner;
select is(array(select p.username from core.user_profiles p), '{tap_profile_anna}', 'the owner: the caller''s own');
reset role;
set role plinth_system;
select is(array(select p.username from core.user_profiles p where p.username like 'tap\_profile%' order by 1),
          '{tap_profile_anna,tap_profile_ben}', 'plinth_system: any');
reset role;
set session authorization plinth_web;
select throws_ok('select from core.user_profiles', '42501', null, 'the layer: none');
reset session authorization;
set session authorization plinth_reader;
select throws_ok('select from core.user_profiles', '42501', null, 'readers: none');
reset session authorization;

select * from finish();
rollback;
