-- ops.tg_schema_migrations__log: every step up and down is in the history, which is append-only.
begin;
select plan(15);

select is(pg_get_function_arguments('ops.tg_schema_migrations__log'::regproc), '', 'arguments');
select is(pg_get_function_result('ops.tg_schema_migrations__log'::regproc), 'trigger', 'result');
select volatility_is('ops', 'tg_schema_migrations__log', '{}'::name[], 'volatile');
select isnt_definer('ops', 'tg_schema_migrations__log', '{}'::name[]);
select function_owner_is('ops', 'tg_schema_migrations__log', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'ops.tg_schema_migrations__log'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'ops.tg_schema_migrations__log'::regproc;

select coalesce(max(m.version), 0) + 1 as v from ops.schema_migrations m \gset
create temp view steps as
select h.version, h.name, h.direction, h.checksum, h.execution_ms
  from ops.migration_history h where h.name like 'V\_tap%' order by h.id;

insert into ops.schema_migrations (version, name, title, checksum, statements_done, execution_ms)
values (:v, 'V_tap', 'Of this test', repeat('a', 64), 1, 17);
select results_eq('select * from steps',
  format($$ values (%s, 'V_tap', 'up', repeat('a', 64), 17) $$, :v), 'a step up');
select is((select h.done_by from ops.migration_history h where h.name = 'V_tap'), session_user::text, 'by this login');

select set_config('plinth.execution_ms', '5', true);
delete from ops.schema_migrations where version = :v;
select results_eq('select s.direction, s.execution_ms from steps s', $$ values ('up', 17), ('down', 5) $$,
                  'a step down, as long as the runner says it took');

insert into ops.schema_migrations (version, name, title, checksum, statements_done, status, transactional)
values (:v, 'V_tap_slow', 'Of this test', repeat('a', 64), 1, 'running', false);
update ops.schema_migrations set statements_done = 2 where version = :v;
select is_empty($$ select from steps s where s.name = 'V_tap_slow' $$, 'what is running is no step yet');
update ops.schema_migrations set status = 'applied', execution_ms = 90 where version = :v;
select results_eq($$ select s.direction, s.execution_ms from steps s where s.name = 'V_tap_slow' $$,
                  $$ values ('up', 90) $$, 'it is when it is done');
select set_config('plinth.execution_ms', '', true);
delete from ops.schema_migrations where version = :v;
select results_eq($$ select s.direction, s.execution_ms from steps s where s.name = 'V_tap_slow' $$,
                  $$ values ('up', 90), ('down', 0) $$, 'a rollback by hand has no duration');

select throws_ok($$ update ops.migration_history set name = 'forged' $$,
                 'AU001', 'Rows of ops.migration_history are never changed or removed', 'history is not changed');
select throws_ok($$ delete from ops.migration_history $$,
                 'AU001', 'Rows of ops.migration_history are never changed or removed', 'nor removed');

select * from finish();
rollback;
