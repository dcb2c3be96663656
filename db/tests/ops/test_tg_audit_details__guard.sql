-- ops.tg_audit_details__guard: a detail of the trail is never changed, and goes only after its erasure was recorded.
begin;
select plan(14);

select is(pg_get_function_arguments('ops.tg_audit_details__guard'::regproc), '', 'arguments');
select is(pg_get_function_result('ops.tg_audit_details__guard'::regproc), 'trigger', 'result');
select volatility_is('ops', 'tg_audit_details__guard', '{}'::name[], 'volatile');
select is_definer('ops', 'tg_audit_details__guard', '{}'::name[]);
select function_owner_is('ops', 'tg_audit_details__guard', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'ops.tg_audit_details__guard'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'ops.tg_audit_details__guard'::regproc;

select ops.write_audit('paint', 'tap.thing', '1', '019e0000-0000-7000-8000-00000000c021', '{"a": {"after": 1}}');
select ops.write_audit('paint', 'tap.thing', '2', '019e0000-0000-7000-8000-00000000c021', '{"a": {"after": 2}}');
create temp table entry as select l.id, l.entity_id as n from ops.audit_logs l where l.entity_type = 'tap.thing';

select throws_ok($$ update ops.audit_details d set difference = '{}' from entry e where e.id = d.audit_id $$,
  'AU001', 'A detail of the audit trail is never changed, and removed only after its erasure is recorded',
  'no change');
select throws_ok($$ delete from ops.audit_details d using entry e where e.id = d.audit_id $$,
  'AU001', 'A detail of the audit trail is never changed, and removed only after its erasure is recorded',
  'no removal without a record');

insert into ops.audit_erasures (audit_id, reason, key_id, digest)
select e.id, 'the user asked', 'tap', sha256('') from entry e where e.n = '1';
select throws_ok(
  $$ update ops.audit_details d set difference = '{}' from entry e where e.id = d.audit_id and e.n = '1' $$,
  'AU001', null, 'the record allows no change either');
select throws_ok($$ delete from ops.audit_details d using entry e where e.id = d.audit_id and e.n = '2' $$,
  'AU001', null, 'nor the removal of another detail');
select lives_ok($$ delete from ops.audit_details d using entry e where e.id = d.audit_id and e.n = '1' $$,
  'but of this one');
select results_eq(
  $$ select e.n, d.audit_id is not null
       from entry e
       join ops.audit_logs l on l.id = e.id
       left join ops.audit_details d on d.audit_id = e.id
      order by 1 $$,
  $$ values ('1', false), ('2', true) $$,
  'the trail itself is whole, one detail is gone');

select trigger_is('ops', 'audit_details', '_100_guard', 'ops', 'tg_audit_details__guard');

select * from finish();
rollback;
