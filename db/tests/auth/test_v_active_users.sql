-- api.v_active_users: every active account, its roles and live sessions; no address and no secret.
begin;
select plan(8);

insert into auth.users (id, username, email, status, full_name, login_count, last_login_at) values
  ('019e0000-0000-7000-8000-00000000af01', 'tap_active_anna', 'tap_anna@example.org', 'active', 'Anna', 7, now()),
  ('019e0000-0000-7000-8000-00000000af02', 'tap_active_ben', 'tap_ben@example.org', 'active', null, 0, null),
  ('019e0000-0000-7000-8000-00000000af03', 'tap_active_carl', 'tap_carl@example.org', 'suspended', null, 0, null),
  ('019e0000-0000-7000-8000-00000000af04', 'tap_active_dora', 'tap_dora@example.org', 'deleted', null, 0, null);
insert into auth.user_roles (user_id, role) values
  ('019e0000-0000-7000-8000-00000000af01', 'user'), ('019e0000-0000-7000-8000-00000000af01', 'developer');
insert into auth.sessions (user_id, token_hash, refresh_hash, expires_at, refresh_expires_at, ended_at, end_reason)
select '019e0000-0000-7000-8000-00000000af01', sha256(s.token), sha256(s.token || 'r'),
       now() + s.rest, now() + interval '1 day',
       case when s.ended then now() end, case when s.ended then 'of this test' end
  from (values (bytea 'tap active 1', interval '1 h', false), (bytea 'tap active 2', interval '2 h', false),
               (bytea 'tap active 3', interval '-1 h', false), (bytea 'tap active 4', interval '1 h', true))
    as s (token, rest, ended);

select view_owner_is('api', 'v_active_users', 'plinth_system', 'owner: it looks across users');
select columns_are('api', 'v_active_users', array['id', 'username', 'full_name', 'tier', 'roles', 'live_sessions',
                   'last_login_at', 'login_count', 'created_at']);
select is(array(select a.grantee::regrole::text from aclexplode(c.relacl) a where a.privilege_type = 'SELECT' order by 1
          ), '{plinth_operator,plinth_reader,plinth_system}', 'who may read it')
  from pg_class c where c.oid = 'api.v_active_users'::regclass;

set session authorization plinth_reader;
select results_eq(
  $$ select v.username, v.full_name, v.tier, v.roles, v.live_sessions, v.last_login_at, v.login_count, v.created_at
       from v_active_users v where v.username like 'tap\_active%' order by 1 $$,
  $$ values ('tap_active_anna', 'Anna', 'free', '{developer,user}'::text[], 2::bigint, now(), 7, now()),
            ('tap_active_ben', null, 'free', '{}', 0, null, 0, now()) $$,
  'readers: active accounts; sessions whose token works now; api is on the search path');
select throws_ok('select from auth.users', '42501', null, 'readers: not the table');
select throws_ok('delete from api.v_active_users', '42501', null, 'readers: change nothing');
reset session authorization;

set session authorization plinth_operator;
select isnt_empty('select from api.v_active_users', 'operators see it');
reset session authorization;
set session authorization plinth_web;
select throws_ok('select from api.v_active_users', '42501', null, 'the layer reads no view');
reset session authorization;

select * from finish();
rollback;
