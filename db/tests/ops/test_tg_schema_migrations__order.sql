-- ops.tg_schema_migrations__order: migrations are recorded in order and without gaps, go in the reverse order, and do
-- not change once applied. The rule is in the database, so it holds for psql as well.
begin;
select plan(25);

select is(pg_get_function_arguments('ops.tg_schema_migrations__order'::regproc), '', 'arguments');
select is(pg_get_function_result('ops.tg_schema_migrations__order'::regproc), 'trigger', 'result');
select volatility_is('ops', 'tg_schema_migrations__order', '{}'::name[], 'volatile');
select isnt_definer('ops', 'tg_schema_migrations__order', '{}'::name[]);
select function_owner_is('ops', 'tg_schema_migrations__order', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'ops.tg_schema_migrations__order'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'ops.tg_schema_migrations__order'::regproc;

-- Numbers begin behind whatever this database has applied.
select coalesce(max(m.version), 0) as v0 from ops.schema_migrations m \gset
create function pg_temp.apply(p_version integer, p_status text default 'applied')
returns void
language sql
as $$
  insert into ops.schema_migrations (version, name, title, checksum, statements_done, status, transactional)
  values (p_version, format('V_tap_%s', p_version), 'Of this test', repeat('a', 64), 1, p_status, p_status = 'applied')
$$;

select lives_ok(format('select pg_temp.apply(%s)', :v0 + 1), 'the next one');
select throws_ok(format('select pg_temp.apply(%s)', :v0 + 3), 'MG001',
  format('Migration %s cannot be recorded: the next one is %s, after V_tap_%s', :v0 + 3, :v0 + 2, :v0 + 1), 'no gap');
select throws_ok(format('select pg_temp.apply(%s)', :v0 + 1), 'MG001', null, 'none twice');
select throws_ok(format('select pg_temp.apply(%s)', -1), 'MG001', null, 'none before the first');
select lives_ok(format('select pg_temp.apply(%s)', :v0 + 2), 'one after the other');

select throws_ok(format('delete from ops.schema_migrations where version = %s', :v0 + 1), 'MG001',
  format('Migration %s cannot be rolled back before V_tap_%s', :v0 + 1, :v0 + 2), 'the last one goes first');
select throws_ok(format('update ops.schema_migrations set title = ''x'' where version = %s', :v0 + 2), 'MG001',
  format('Migration %s is applied: its record does not change', :v0 + 2), 'what is applied does not change');
select lives_ok(format('delete from ops.schema_migrations where version = %s', :v0 + 2), 'rolled back');
select lives_ok(format('select pg_temp.apply(%s)', :v0 + 2), 'and applied again');

-- A file that runs step by step.
select lives_ok(format('select pg_temp.apply(%s, ''running'')', :v0 + 3), 'begun');
select throws_ok(format('select pg_temp.apply(%s)', :v0 + 4), 'MG001',
  format('Migration %s cannot be recorded: V_tap_%s stopped after statement 1 and comes first', :v0 + 4, :v0 + 3),
  'nothing goes past one that is running');
select lives_ok(format('update ops.schema_migrations set statements_done = 2 where version = %s', :v0 + 3),
                'a step more');
select throws_ok(format('update ops.schema_migrations set version = %s where version = %s', :v0 + 9, :v0 + 3),
  'MG001', null, 'its number stays');
select lives_ok(format('update ops.schema_migrations set status = ''applied'' where version = %s', :v0 + 3), 'done');
select throws_ok(format('update ops.schema_migrations set status = ''running'' where version = %s', :v0 + 3),
  'MG001', null, 'and done for good');
select throws_ok(format(
  $$ insert into ops.schema_migrations (version, name, title, checksum, statements_done, status)
     values (%s, 'V_tap', 'x', repeat('a', 64), 1, 'running') $$, :v0 + 4),
  '23514', null, 'a file in one transaction is never half done');

set session authorization plinth_operator;
select throws_ok('delete from ops.schema_migrations', '42501', null, 'an operator only looks');
reset session authorization;
set session authorization plinth_web;
select throws_ok('select from ops.schema_migrations', '42501', null, 'the layer''s login sees nothing');
reset session authorization;

select * from finish();
rollback;
