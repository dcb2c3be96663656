-- core.erase_audit: the details about one user go, each with its record; the trail stays.
begin;
select plan(18);

select is(pg_get_function_arguments('core.erase_audit'::regproc), 'p_user_id uuid, p_logins text[], p_reason text, p_most integer',
  'arguments');
select is(pg_get_function_result('core.erase_audit'::regproc), 'integer', 'result');
select volatility_is('core', 'erase_audit', array['uuid', 'text[]', 'text', 'integer'], 'volatile');
select is_definer('core', 'erase_audit', array['uuid', 'text[]', 'text', 'integer']);
select function_owner_is('core', 'erase_audit', array['uuid', 'text[]', 'text', 'integer'], 'plinth_system');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'core.erase_audit'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it') from pg_proc p where p.oid = 'core.erase_audit'::regproc;

-- Done to anna; done by anna to ben, from her address; attempts that named her, or somebody else.
select ops.write_audit('tap_erase', 'done to', 'anna', '019e0000-0000-7000-8000-00000000e201', '{"bio": {"after": "Anna"}}');
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000e201', true),
       set_config('plinth.context', E'\x1fannas-birthday\x1f192.0.2.77\x1fAnna''s browser', true);
select ops.write_audit('tap_erase', 'done by', 'anna', '019e0000-0000-7000-8000-00000000e202', '{"bio": {"after": "Ben"}}');
select set_config('plinth.caller', '', true), set_config('plinth.context', '', true);
select ops.write_audit('tap_erase', 'done to', 'ben', '019e0000-0000-7000-8000-00000000e202', '{"bio": {"after": "Ben"}}');
select ops.write_audit('tap_erase', 'named', 'anna', null, core.tried_login(null, 'Tap_Erase_Anna'));
select ops.write_audit('tap_erase', 'named', 'ben', null, core.tried_login(null, 'tap_erase_ben'));

create temp view kept as
select l.entity_type, l.entity_id from ops.audit_logs l join ops.audit_details d on d.audit_id = l.id where l.action = 'tap_erase';
select is((select count(*) from kept), 5::bigint, 'five details');
select is((select count(*) from compat.audit_logs a where a.request_id = 'annas-birthday'), 1::bigint, 'one names her request');
create function pg_temp.erase(p_most integer) returns integer language sql as $$
  select core.erase_audit('019e0000-0000-7000-8000-00000000e201', '{tap_erase_anna,tap_erase_anna@example.org}', 'for a test',
                          p_most)
$$;
select is(pg_temp.erase(2), 2, 'at most as many as asked for');
select is(pg_temp.erase(2), 1, 'three tell something about anna');
select is_empty($$ select a.* from compat.audit_logs a where a::text ~ 'birthday' $$, 'nor is the name she gave to a request');
select results_eq('select k.* from kept k order by 1', $$ values ('done to', 'ben'), ('named', 'ben') $$, 'the others stay');
select is((select count(*) from ops.audit_logs l where l.action = 'tap_erase'), 5::bigint, 'of the trail nothing is gone');
select results_eq(
  $$ select l.entity_id, e.reason from ops.audit_erasures e join ops.audit_logs l on l.id = e.audit_id
      where l.action = 'tap_erase' $$,
  $$ values ('anna', 'for a test'), ('anna', 'for a test'), ('anna', 'for a test') $$, 'each has its record');
select is(pg_temp.erase(2), 0, 'there is no more');
select results_eq(
  $$ select distinct e.user_id, e.acting_role = session_user, e.key_id = left(current_setting('plinth.secret_keys'), 8),
            e.digest = ops.erasure_digest(e, core.secret_key('authenticate', 'audit erasure'))
       from ops.audit_erasures e where e.reason = 'for a test' $$,
  $$ values ('019e0000-0000-7000-8000-00000000e201'::uuid, true, true, true) $$,
  'which says for whom and by whom, under the key in force');
set local plinth.secret_keys = '';
select throws_ok($$ select core.erase_audit('019e0000-0000-7000-8000-00000000e202', '{}', 'for a test', 10) $$, 'SV503', null,
                 'without a key nothing is erased');

select * from finish();
rollback;
