-- The tables of the trail: append-only for every role, and per role and verb exactly what it may.
begin;
select plan(27);

select ops.write_audit('paint', 'tap.thing', '1', '019e0000-0000-7000-8000-00000000c031');
select ops.write_audit('paint', 'tap.thing', '2', '019e0000-0000-7000-8000-00000000c032');
insert into ops.audit_erasures (audit_id, reason, key_id, digest)
select l.id, 'of this test', 'tap', sha256('') from ops.audit_logs l where l.entity_type = 'tap.thing' and l.entity_id = '1';

-- A superuser passes by the policies, so here it is the triggers that refuse.
select throws_ok($$ update ops.audit_logs set action = 'forged' $$,
                 'AU001', 'Rows of ops.audit_logs are never changed or removed', 'logs: not changed, by nobody');
select throws_ok($$ delete from ops.audit_logs $$,
                 'AU001', 'Rows of ops.audit_logs are never changed or removed', 'logs: not removed');
select throws_ok($$ update ops.audit_erasures set reason = 'forged' $$,
                 'AU001', 'Rows of ops.audit_erasures are never changed or removed', 'erasures: not changed');
select throws_ok($$ delete from ops.audit_erasures $$,
                 'AU001', 'Rows of ops.audit_erasures are never changed or removed', 'erasures: not removed');
-- TRUNCATE would wait for everybody who writes to the trail; the catalog tells the same.
select is(array(
     select t.tgrelid::regclass::text from pg_trigger t
      where t.tgfoid = 'base.tg__append_only'::regproc and t.tgtype & 32 = 32 and t.tgtype & 1 = 0 and t.tgtype & 2 = 2
        and t.tgenabled = 'O' and t.tgrelid in (select c.oid from pg_class c where not c.relispartition)
        and t.tgrelid::regclass::text like 'ops.audit_%' order by 1),
  '{ops.audit_details,ops.audit_erasures,ops.audit_logs,ops.audit_seals}',
  'nor truncated');

-- The owner, whose functions serve a caller.
select set_config('plinth.caller', '019e0000-0000-7000-8000-00000000c031', true);
set role plinth_owner;
select results_eq($$ select l.entity_id from ops.audit_logs l where l.entity_type = 'tap.thing' $$, $$ values ('1') $$,
                  'owner: sees the caller''s own trail');
select results_eq($$ select distinct d.user_id from ops.audit_details d $$,
                  $$ values (uuid '019e0000-0000-7000-8000-00000000c031') $$, 'owner: and the details of it');
select lives_ok($$ insert into ops.audit_logs (action, entity_type) values ('paint', 'tap.other') $$,
                'owner: adds, also what belongs to nobody');
select lives_ok($$ update ops.audit_logs set action = 'forged' where user_id <> base.current_user_id() $$,
                'owner: reaches no row of another user');
select throws_ok($$ insert into ops.audit_erasures (audit_id, reason, key_id, digest)
                    select l.id, 'x', 'tap', sha256('') from ops.audit_logs l $$,
                 '42501', null, 'owner: records no erasure');
reset role;
select is_empty($$ select l.id from ops.audit_logs l where l.action = 'forged' $$, 'and none was changed');
select set_config('plinth.caller', '', true);
set role plinth_owner;
select is_empty($$ select l.id from ops.audit_logs l $$, 'owner: without a caller there is nothing to see');
reset role;

select table_privs_are('ops', 'audit_logs', 'plinth_operator', array['SELECT']);
select table_privs_are('ops', 'audit_details', 'plinth_operator', array['SELECT']);
select table_privs_are('ops', 'audit_erasures', 'plinth_operator', array['SELECT']);
set session authorization plinth_operator;
select is(array(select l.entity_id from ops.audit_logs l where l.entity_type = 'tap.thing' order by 1), '{1,2}',
          'operator: sees everybody''s trail');
select is((select count(*) from ops.audit_details d join ops.audit_logs l on l.id = d.audit_id
            where l.entity_type = 'tap.thing'), 2::bigint, 'operator: and the details');
select isnt_empty($$ select from ops.audit_erasures $$, 'operator: and the erasures');
select throws_ok($$ insert into ops.audit_logs (action, entity_type) values ('x', 'y') $$, '42501', null,
                 'operator: adds by ops.write_audit only');
select throws_ok($$ update ops.audit_details set difference = '{}' $$, '42501', null, 'operator: changes nothing');
select throws_ok($$ delete from ops.audit_logs $$, '42501', null, 'operator: removes nothing');
select throws_ok($$ insert into ops.audit_erasures (audit_id, reason, key_id, digest)
                    values (base.new_id(), 'x', 'tap', sha256('')) $$, '42501', null,
                 'operator: records no erasure by hand');
reset session authorization;

set role plinth_system;
select isnt_empty($$ select from ops.audit_logs $$, 'functions that cross users read the whole trail');
select throws_ok($$ insert into ops.audit_logs (action, entity_type) values ('x', 'y') $$, '42501', null,
                 'and write by ops.write_audit only');
select throws_ok($$ update ops.audit_logs set action = 'x' $$, '42501', null, 'and change nothing');
reset role;
set session authorization plinth_web;
select throws_ok($$ select from ops.audit_logs $$, '42501', null, 'web: nothing');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select from ops.audit_logs $$, '42501', null, 'reader: nothing');
reset session authorization;

select * from finish();
rollback;
