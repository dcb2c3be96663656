-- api.erase_user: an operator erases a deleted account at once.
begin;
select plan(18);

select is(pg_get_function_arguments('api.erase_user'::regproc), 'p_user_id uuid', 'arguments');
select is(pg_get_function_result('api.erase_user'::regproc), 'boolean', 'result');
select volatility_is('api', 'erase_user', array['uuid'], 'volatile');
select is_definer('api', 'erase_user', array['uuid']);
select function_owner_is('api', 'erase_user', array['uuid'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.erase_user'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'api.erase_user'::regproc;

insert into auth.users (id, username, email, status, deleted_at) values
  ('019e0000-0000-7000-8000-00000000e401', 'tap_wipe_anna', 'tap_wipe_anna@example.org', 'deleted', now() - interval '1 day'),
  ('019e0000-0000-7000-8000-00000000e402', 'tap_wipe_ben', 'tap_wipe_ben@example.org', 'active', null),
  ('019e0000-0000-7000-8000-00000000e403', 'tap_wipe_carl', 'tap_wipe_carl@example.org', 'deleted', clock_timestamp());

set session authorization plinth_web;
select throws_ok($$ select api.erase_user('019e0000-0000-7000-8000-00000000e401') $$, '42501', null, 'the layer may not');
reset session authorization;
set session authorization plinth_operator;
select is(api.erase_user('019e0000-0000-7000-8000-00000000e401'), true, 'before its time, and all of it');
select throws_ok($$ select api.erase_user('019e0000-0000-7000-8000-00000000e401') $$, 'NF001', null, 'it is erased');
select throws_ok($$ select api.erase_user('019e0000-0000-7000-8000-00000000e402') $$, 'KC004', null, 'one that is active');
select throws_ok($$ select api.erase_user('019e0000-0000-7000-8000-00000000e403') $$, 'KC004', null, 'one deleted a moment ago');
reset session authorization;
select results_eq($$ select u.username, u.status from auth.users u where u.id = '019e0000-0000-7000-8000-00000000e401' $$,
                  $$ values ('erased-019e000000007000800000000000e401', 'erased') $$, 'its id is left');
select results_eq(
  $$ select l.action, l.actor_id, d.difference from ops.audit_logs l left join ops.audit_details d on d.audit_id = l.id
      where l.user_id = '019e0000-0000-7000-8000-00000000e401' and l.action = 'user.erased' $$,
  $$ values ('user.erased', uuid '019e0000-0000-7000-8000-00000000e401', '{}'::jsonb) $$, 'it is on record');

-- A large one.
select set_config('plinth.subject', '', true);
insert into auth.users (id, username, email, status, deleted_at) values
  ('019e0000-0000-7000-8000-00000000e404', 'tap_wipe_dora', 'tap_wipe_dora@example.org', 'deleted', now() - interval '1 day');
insert into chat.conversations (user_id, id) values
  ('019e0000-0000-7000-8000-00000000e404', '019e0000-0000-7000-8000-00000000e4c1');
insert into chat.messages (user_id, conversation_id, role, content)
select '019e0000-0000-7000-8000-00000000e404', '019e0000-0000-7000-8000-00000000e4c1', 'user', 'word' from generate_series(1, 2100);
set session authorization plinth_operator;
select is(api.erase_user('019e0000-0000-7000-8000-00000000e404'), false, 'not all of it');
reset session authorization;
select is((select count(*) from chat.messages m where m.user_id = '019e0000-0000-7000-8000-00000000e404'), 100::bigint,
          '2,000 rows are gone');
select is((select u.status from auth.users u where u.id = '019e0000-0000-7000-8000-00000000e404'), 'erased', 'and the account');
select core.erase_deleted_users(1000) > 0 as gone \gset
select is((select count(*) from chat.messages m where m.user_id = '019e0000-0000-7000-8000-00000000e404'), 0::bigint,
          'a job removes the rest');

select * from finish();
rollback;
