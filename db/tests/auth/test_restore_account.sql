-- api.restore_account: the mailed link takes a deletion back.
begin;
select plan(15);

select is(pg_get_function_arguments('api.restore_account'::regproc),
  'p_token text', 'arguments');
select is(pg_get_function_result('api.restore_account'::regproc),
  'void', 'result');
select volatility_is('api', 'restore_account', array['text'], 'volatile');
select is_definer('api', 'restore_account', array['text']);
select function_owner_is('api', 'restore_account', array['text'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.restore_account'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.restore_account'::regproc;

insert into auth.users (id, username, email, status) values
  ('019e0000-0000-7000-8000-00000000ef01', 'tap_undo_anna', 'tap_undo_anna@example.org', 'deleted');
create temp table link as
select core.issue_one_time_token('019e0000-0000-7000-8000-00000000ef01', 'account_deleted', '1 day', p_keep_older => true) as token,
       core.issue_one_time_token('019e0000-0000-7000-8000-00000000ef01', 'account_deleted', '1 day',
         p_keep_older => true) as another,
       core.issue_one_time_token('019e0000-0000-7000-8000-00000000ef01', 'reset_password', '1 day') as other;
grant select on link to plinth_web;
set session authorization plinth_web;
select throws_ok($$ select api.restore_account((select l.other from link l)) $$, 'VL004', null, 'a link of another kind');
select throws_ok($$ select api.restore_account('plo_made_up') $$, 'VL004', null, 'no link of ours');
select throws_ok($$ select api.restore_account(null) $$, 'VL004', null, 'none');
select lives_ok($$ select api.restore_account((select l.token from link l)) $$, 'the link');
select throws_ok($$ select api.restore_account((select l.token from link l)) $$, 'VL004', null, 'works once');
select throws_ok($$ select api.restore_account((select l.another from link l)) $$, 'KC004', 'The account is not deleted',
                 'it is back already');
reset session authorization;
select results_eq($$ select u.status, u.deleted_at from auth.users u where u.username = 'tap_undo_anna' $$,
                  $$ values ('active', null::timestamptz) $$, 'the account is back');
select isnt_empty($$ select from ops.audit_logs l where l.action = 'user.restored'
                      and l.user_id = '019e0000-0000-7000-8000-00000000ef01' $$, 'it is on record');

select * from finish();
rollback;
