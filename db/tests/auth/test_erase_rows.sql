-- core.erase_rows: nothing personal of one user is left, and everything of another.
begin;
select plan(21);

select is(pg_get_function_arguments('core.erase_rows'::regproc), 'p_user_id uuid, p_reason text', 'arguments');
select is(pg_get_function_result('core.erase_rows'::regproc), 'integer', 'result');
select volatility_is('core', 'erase_rows', array['uuid', 'text'], 'volatile');
select is_definer('core', 'erase_rows', array['uuid', 'text']);
select function_owner_is('core', 'erase_rows', array['uuid', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.erase_rows'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.erase_rows'::regproc;

insert into auth.users (id, username, email, password_hash, full_name, bio, avatar_url, metadata, login_count, status) values
  ('019e0000-0000-7000-8000-00000000e301', 'tap_forget_anna', 'tap_forget_anna@example.org', '$2a$04$x', 'Anna Alder', 'I am Anna',
   'https://example.org/anna.png', '{"of": "anna"}', 3, 'active'),
  ('019e0000-0000-7000-8000-00000000e302', 'tap_forget_ben', 'tap_forget_ben@example.org', null, 'Ben', null,
   null, '{}', 0, 'deleted');
insert into auth.user_roles (user_id, role) select u.id, 'user' from auth.users u where u.username ~ '^tap_forget_';
insert into auth.sessions (user_id, token_hash, refresh_hash, user_agent, address, expires_at, refresh_expires_at)
select u.id, sha256(u.username::bytea), sha256(u.email::bytea), 'an agent', '192.0.2.9', now(), now()
  from auth.users u where u.username ~ '^tap_forget_';

select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000e301', true);
select throws_ok($$ select core.erase_rows('019e0000-0000-7000-8000-00000000e301', 'test') $$, 'KC004',
                 'Only a deleted account is erased: delete it first', 'an account that is active');
update auth.users set status = 'deleted' where username = 'tap_forget_anna';
select throws_ok($$ select core.erase_rows('019e0000-0000-7000-8000-00000000e301', 'test') $$, 'KC004',
  'The account was deleted a moment ago, and a request may be under way: wait 10 seconds', 'one deleted a moment ago');
update auth.users set deleted_at = clock_timestamp() - interval '11 seconds' where username ~ '^tap_forget_';
select throws_ok($$ select core.erase_rows('019e0000-0000-7000-8000-00000000e302', 'test') $$, 'NF001',
                 'There is no such account, or it is erased', 'not another user''s: the policies do not show it');
select cmp_ok(core.erase_rows('019e0000-0000-7000-8000-00000000e301', 'test'), '>', 5, 'rows are worked on');
select throws_ok($$ select core.erase_rows('019e0000-0000-7000-8000-00000000e301', 'test') $$, 'NF001', null,
                 'twice is once too often');
select set_config('plinth.caller', '', true);

select results_eq(
  $$ select u.username, u.email, u.password_hash, u.full_name, u.bio, u.avatar_url, u.metadata, u.login_count, u.status, u.roles,
            u.deleted_at is not null, u.erase_after
       from auth.users u where u.id = '019e0000-0000-7000-8000-00000000e301' $$,
  $$ values ('erased-019e00000000700080000000' || '0000e301', 'erased-019e000000007000800000000000e301@erased.invalid',
             null::text, null::text, null::text, null::text, '{}'::jsonb, 0, 'erased', '{}'::text[], true, null::timestamptz) $$,
  'of the account its id is left');
select is_empty($$ select from auth.logins l where l.user_id = '019e0000-0000-7000-8000-00000000e301' $$,
                'it is found by no login');
select is_empty($$ select from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000e301' $$, 'it has no session');
select is_empty($$ select from auth.user_roles r where r.user_id = '019e0000-0000-7000-8000-00000000e301' $$, 'and no role');
select is_empty($$ select from ops.audit_details d where d.user_id = '019e0000-0000-7000-8000-00000000e301' $$,
                'the trail keeps no detail');
select isnt_empty(
  $$ select from ops.audit_logs l join ops.audit_erasures e on e.audit_id = l.id
      where l.user_id = '019e0000-0000-7000-8000-00000000e301' and l.action = 'insert' and e.reason = 'test' $$,
  'but that there was one');
select lives_ok($$ insert into auth.users (username, email) values ('tap_forget_anna', 'tap_forget_anna@example.org') $$,
                'the names are free again');
select throws_ok($$ insert into auth.users (id, username, email)
                    values ('019e0000-0000-7000-8000-00000000e301', 'tap_forget_eve', 'tap_forget_eve@example.org') $$,
                 '23505', null, 'the id is not');
select results_eq(
  $$ select u.full_name, (select count(*) from auth.sessions s where s.user_id = u.id), u.roles,
            (select count(*) > 0 from ops.audit_details d where d.user_id = u.id)
       from auth.users u where u.username = 'tap_forget_ben' $$,
  $$ values ('Ben', 1::bigint, '{user}'::text[], true) $$, 'another user has everything');

select * from finish();
rollback;
