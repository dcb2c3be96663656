-- core.seal_audit: seals what was written to the audit trail.
begin;
select plan(17);

select is(pg_get_function_arguments('core.seal_audit'::regproc),
  'p_limit integer', 'arguments');
select is(pg_get_function_result('core.seal_audit'::regproc),
  'integer', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_system {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.seal_audit'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.seal_audit'::regproc;

-- Only a superuser gets past the triggers; this is one, for a trail of its own.
set local session_replication_role = replica;
delete from ops.audit_unsealed;
delete from ops.audit_seals;
delete from ops.audit_details;
delete from ops.audit_logs;
reset session_replication_role;

select is(core.seal_audit(10), 0, 'nothing waits');
select is_empty('select from ops.audit_seals', 'and no seal is made of nothing');

select ops.write_audit('paint', 'tap.thing', n::text) from generate_series(1, 5) n;
select is((select count(*) from ops.audit_unsealed), 5::bigint, 'what is written waits');
select is(core.seal_audit(3), 3, 'as many as it may');
select is(core.seal_audit(3), 2, 'then the rest');
select is_empty('select from ops.audit_unsealed', 'nothing waits any more');
select results_eq(
  $$ select s.seq, cardinality(s.audit_ids), s.key_id = left(current_setting('plinth.secret_keys'), 8)
       from ops.audit_seals s order by s.seq $$,
  $$ values (1::bigint, 3, true), (2::bigint, 2, true) $$, 'two seals, with the key in force');
select set_eq('select unnest(s.audit_ids) from ops.audit_seals s', 'select l.id from ops.audit_logs l', 'over all rows');
select is(b.previous, a.digest, 'each hangs on the one before')
  from ops.audit_seals a join ops.audit_seals b on b.seq = a.seq + 1;
select is(array(select ops.audit_digest(l) from unnest(s.audit_ids) with ordinality i (id, n)
                  join ops.audit_logs l on l.id = i.id order by i.n), s.digests, 'with the digest of each row')
  from ops.audit_seals s where s.seq = 1;

select throws_ok('update ops.audit_seals set seq = 3', 'AU001', 'Rows of ops.audit_seals are never changed or removed',
                 'seals are not changed');
set local plinth.secret_keys = '';
select ops.write_audit('paint', 'tap.thing', '6');
select throws_ok('select core.seal_audit(3)', 'SV503', null, 'without a key nothing is sealed');

set session authorization plinth_web;
select throws_ok('select core.seal_audit(1)', '42501', null, 'the layer runs it as a job only');
reset session authorization;

select * from finish();
rollback;
