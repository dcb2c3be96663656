-- core.begin_erasure: from here on an account is nobody's; its rows are still to go.
begin;
select plan(20);

select is(pg_get_function_arguments('core.begin_erasure'::regproc), 'p_user_id uuid, p_reason text', 'arguments');
select is(pg_get_function_result('core.begin_erasure'::regproc), 'void', 'result');
select volatility_is('core', 'begin_erasure', array['uuid', 'text'], 'volatile');
select is_definer('core', 'begin_erasure', array['uuid', 'text']);
select function_owner_is('core', 'begin_erasure', array['uuid', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.begin_erasure'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.begin_erasure'::regproc;

insert into auth.users (id, username, email, password_hash, full_name, bio, avatar_url, metadata, login_count, status) values
  ('019e0000-0000-7000-8000-00000000e501', 'tap_begin_anna', 'tap_begin_anna@example.org', '$2a$04$x', 'Anna Alder', 'I am Anna',
   'https://example.org/anna.png', '{"of": "anna"}', 3, 'active'),
  ('019e0000-0000-7000-8000-00000000e502', 'tap_begin_ben', 'tap_begin_ben@example.org', null, 'Ben', null,
   null, '{}', 0, 'deleted');
insert into auth.user_roles (user_id, role) select u.id, 'user' from auth.users u where u.username ~ '^tap_begin_';
insert into auth.sessions (user_id, token_hash, refresh_hash, user_agent, address, expires_at, refresh_expires_at)
select u.id, sha256(u.username::bytea), sha256(u.email::bytea), 'an agent', '192.0.2.9', now(), now()
  from auth.users u where u.username ~ '^tap_begin_';


create function pg_temp.begun(p_who text) returns void language sql as $$
  select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000e501', true);
  select core.begin_erasure(('019e0000-0000-7000-8000-00000000' || p_who)::uuid, 'test');
$$;
select throws_ok($$ select pg_temp.begun('e501') $$, 'KC004', 'Only a deleted account is erased: delete it first',
                 'an account that is active');
update auth.users set status = 'deleted' where username = 'tap_begin_anna';
select throws_ok($$ select pg_temp.begun('e501') $$, 'KC004',
  'The account was deleted a moment ago, and a request may be under way: wait 10 seconds', 'one deleted a moment ago');
update auth.users set deleted_at = clock_timestamp() - interval '11 seconds' where username ~ '^tap_begin_';
select throws_ok($$ select pg_temp.begun('e502') $$, 'NF001',
                 'There is no such account, or it is erased', 'not another user''s: the policies do not show it');
select lives_ok($$ select pg_temp.begun('e501') $$, 'one that is deleted');
select throws_ok($$ select pg_temp.begun('e501') $$, 'NF001', null, 'twice is once too often');
select set_config('plinth.caller', '', true);

select results_eq(
  $$ select u.username, u.email, u.password_hash, u.full_name, u.bio, u.avatar_url, u.metadata, u.login_count, u.status,
            u.deleted_at is not null, u.erase_after
       from auth.users u where u.id = '019e0000-0000-7000-8000-00000000e501' $$,
  $$ values ('erased-019e00000000700080000000' || '0000e501', 'erased-019e000000007000800000000000e501@erased.invalid',
             null::text, null::text, null::text, null::text, '{}'::jsonb, 0, 'erased', true, null::timestamptz) $$,
  'of the account its id is left');
select is_empty($$ select from auth.logins l where l.user_id = '019e0000-0000-7000-8000-00000000e501' $$,
                'it is found by no login');
select results_eq(
  $$ select e.reason, e.logins @> '{tap_begin_anna,tap_begin_anna@example.org}', e.places
       from auth.erasures e where e.user_id = '019e0000-0000-7000-8000-00000000e501' $$,
  $$ values ('test', true, '{}'::jsonb) $$, 'what it was found by is remembered until the rest is gone');
select isnt_empty($$ select from auth.sessions s where s.user_id = '019e0000-0000-7000-8000-00000000e501' $$,
                  'the rest is still to go');
select throws_ok($$ select api.restore_user('019e0000-0000-7000-8000-00000000e501') $$, 'NF001', null, 'nobody brings it back');
select lives_ok($$ insert into auth.users (username, email) values ('tap_begin_anna', 'tap_begin_anna@example.org') $$,
                'the names are free again');
select throws_ok($$ insert into auth.users (id, username, email)
                    values ('019e0000-0000-7000-8000-00000000e501', 'tap_begin_eve', 'tap_begin_eve@example.org') $$,
                 '23505', null, 'the id is not');
select is((select u.full_name from auth.users u where u.username = 'tap_begin_ben'), 'Ben', 'another user has everything');

select * from finish();
rollback;
