-- ops.drop_partitions and its job: what is not kept any more goes by whole partitions, and nothing else does.
begin;
select plan(15);

select is(pg_get_function_arguments('core.drop_partitions'::regproc), 'p_limit integer', 'arguments');
select is(pg_get_function_result('core.drop_partitions'::regproc), 'integer', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.drop_partitions'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1), '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.drop_partitions'::regproc;

select is(core.drop_partitions(1000), 0, 'at first nothing is old');
select is(t.dropped_before, date_trunc('day', now() - interval '90 days', 'UTC'), 'how far it looked is on record')
  from ops.partitioned_tables t where t.name = 'ops.api_usage';

-- What midnight may have made due, so that only those of this test are counted.
select core.make_partitions(1000);

-- A table of this test, with a day on each side of what is kept.
insert into base.settings (name, value, type, description) values ('tap.keep_days', '10', 'integer', 'of this test');
create table ops.tap_days (id uuid not null default base.new_id(), constraint tap_days_pkey primary key (id))
  partition by range (id);
alter table ops.tap_days owner to plinth_owner;
insert into ops.partitioned_tables (name, step, behind, keep_setting) values ('ops.tap_days', 'day', 40, 'tap.keep_days');
set role plinth_owner;
select ops.make_partition('ops.tap_days', 'tap_days_default', null, null);
reset role;
select is(core.make_partitions(1000), 44, 'forty days, today, three days');
insert into ops.tap_days (id) select base.first_id(now() - d * interval '1 day') from generate_series(0, 40) d;
insert into ops.tap_days (id) values (base.first_id(now() - interval '400 days'));

select is(core.drop_partitions(0), 0, 'a job that may do nothing does nothing');
select is(core.drop_partitions(1000), 30, 'thirty days are not kept any more');
select results_eq(
  $$ select t.tableoid::regclass::text from ops.tap_days t where t.tableoid <> 'ops.tap_days_default'::regclass order by t.id $$,
  $$ select 'ops.tap_days_' || to_char(now() at time zone 'UTC' - d * interval '1 day', 'YYYY_MM_DD')
       from generate_series(10, 0, -1) d $$, 'ten and today''s are');
select is((select count(*) from ops.tap_days_default), 1::bigint, 'the default partition is nobody''s to drop');
select is(core.drop_partitions(1000), 0, 'once');
select is((select count(*) from ops.partitioned_tables t where t.name like 'ops.audit%' and t.dropped_before is null), 2::bigint,
          'what is kept for ever is not looked at');

update ops.partitioned_tables t set behind = 60 where t.name = 'ops.tap_days';
select ops.make_partitions();
select is(core.drop_partitions(1000), 30, 'many go over several runs: each stays locked to the end of its own');

set session authorization plinth_web;
select throws_ok('select core.drop_partitions(1)', '42501', null, 'the layer runs it as a job only');
reset session authorization;

select * from finish();
rollback;
