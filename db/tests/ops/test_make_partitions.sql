-- ops.make_partitions and its job: partitions by quarter, month or day, like their table in everything.
begin;
select plan(27);

select is(pg_get_function_arguments('core.make_partitions'::regproc),
  'p_limit integer', 'arguments');
select is(pg_get_function_result('core.make_partitions'::regproc),
  'integer', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'core.make_partitions'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.make_partitions'::regproc;

select is_empty(
  $$ select t.name, b from ops.partitioned_tables t
      cross join lateral (select ops.partition_step(t.step) as step) s
      cross join lateral generate_series(date_trunc(t.step, date_subtract(now(), t.behind * s.step, 'UTC'), 'UTC'),
                                         date_add(now(), t.ahead * s.step, 'UTC'), s.step, 'UTC') b
      where not exists (select from pg_inherits i
                         where i.inhparent = t.name::regclass
                           and pg_get_expr((select c.relpartbound from pg_class c where c.oid = i.inhrelid), i.inhrelid)
                               like format('FOR VALUES FROM (%%%s%%', base.first_id(b))) $$,
  'every table has its partitions from the beginning');
select is(core.make_partitions(1000), 0, 'nothing is missing');

-- Tests beside this one hold these tables now and then. All are taken at once or none, waiting for none: what is made
-- for the first table would stay locked while the next one is waited for, and whoever holds that one meets a deadlock.
do $$
declare
  v_locks text := (
    select string_agg(format('lock table %s in %s mode nowait', l.name, l.mode), '; ')
      from (select t.name::regclass as name, 'access exclusive' as mode from ops.partitioned_tables t
            union
            select c.confrelid::regclass, 'share row exclusive'
              from ops.partitioned_tables t
              join pg_constraint c on c.conrelid = t.name::regclass and c.contype = 'f') l);
begin
  for v_try in 1..3000 loop
    begin
      execute v_locks;
      return;
    exception when lock_not_available then
      perform pg_sleep(0.01);
    end;
  end loop;
  raise exception 'these tables are never free';
end $$;
update ops.partitioned_tables t set ahead = t.ahead + 1;
select is(core.make_partitions(1000), count(*)::integer,
          'each table can be given another one: with its triggers, whosever they are')
  from ops.partitioned_tables;

-- A table of this test.
create table ops.tap_log (id uuid not null default base.new_id(), note text, constraint tap_log_pkey primary key (id))
  partition by range (id);
alter table ops.tap_log owner to plinth_owner;
comment on column ops.tap_log.note is 'of this test';
create index tap_log_note_idx on ops.tap_log (note);
create trigger _100_append_only before update or delete on ops.tap_log
  for each row execute function base.tg__append_only();
create trigger _110_append_only before truncate on ops.tap_log
  for each statement execute function base.tg__append_only();
insert into ops.partitioned_tables (name, ahead) values ('ops.tap_log', 2);
set role plinth_owner;
select ops.make_partition('ops.tap_log', 'tap_log_default', null, null);
reset role;

insert into ops.tap_log (note) values ('too early');
select is(core.make_partitions(0), 0, 'a job that may do nothing does nothing');
select is(core.make_partitions(1000), 2, 'the month that the default partition has rows of is left to it');
select is((select tableoid::regclass::text from ops.tap_log), 'ops.tap_log_default', 'there they are, and stay');
insert into ops.tap_log (id, note) values (base.first_id(now() + interval '1 month'), 'ahead');
select is((select tableoid::regclass::text from ops.tap_log where note = 'ahead'),
          'ops.tap_log_' || to_char(now() at time zone 'UTC' + interval '1 month', 'YYYY_MM'), 'a row finds its month');
select lives_ok($$ insert into ops.tap_log (id) values ('00000000-0000-7000-8000-000000000000') $$,
                'what falls in no month is kept all the same');

select is_empty(
  $$ select i.inhrelid::regclass from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'ops.tap_log'::regclass
        and not (c.relrowsecurity and c.relforcerowsecurity and c.relowner = 'plinth_owner'::regrole
                 and obj_description(c.oid, 'pg_class') is not null and col_description(c.oid, 2) = 'of this test') $$,
  'partitions are of the owner, under row security, commented');
select is((select count(*) from pg_index x join pg_inherits i on i.inhrelid = x.indrelid
            where i.inhparent = 'ops.tap_log'::regclass and x.indisvalid), 6::bigint, 'with the indexes');
select throws_ok($$ update ops.tap_log set note = 'x' $$, 'AU001', 'Rows of ops.tap_log are never changed or removed',
                 'with the row triggers, which speak of the table');
select throws_ok($$ truncate ops.tap_log_default $$, 'AU001', 'Rows of ops.tap_log are never changed or removed',
                 'and with those of statements');
set role plinth_operator;
select results_eq('select count(*) from ops.tap_log_default', array[2::bigint], 'operators read each: a dump does');
reset role;
set role plinth_owner;
select is_empty('select from ops.tap_log_default', 'nobody else gets around the policies of the table');
reset role;
-- By day, some of them behind.
create table ops.tap_days (id uuid not null default base.new_id(), constraint tap_days_pkey primary key (id))
  partition by range (id);
alter table ops.tap_days owner to plinth_owner;
insert into ops.partitioned_tables (name, step, ahead, behind) values ('ops.tap_days', 'day', 7, 2);
select is(core.make_partitions(1000), 10, 'two days behind, today, and seven ahead');
insert into ops.tap_days (id)
select base.first_id(date_trunc('day', now(), 'UTC') + d * interval '1 day' + interval '23:59:59.999')
  from generate_series(-2, 7) d;
select results_eq(
  'select t.tableoid::regclass::text from ops.tap_days t order by t.id',
  $$ select 'ops.tap_days_' || to_char(now() at time zone 'UTC' + d * interval '1 day', 'YYYY_MM_DD')
       from generate_series(-2, 7) d $$, 'each day has its own, to its last millisecond');
select throws_ok($$ insert into ops.tap_days (id) values (base.first_id(now() + interval '8 days')) $$, '23514', null,
                 'there is none beyond');
select is(ops.partition_name('ops.tap_days', 'month', '2026-02-01'), 'tap_days_2026_02', 'by their begin they are named');

-- By quarter.
create table ops.tap_quarters (id uuid not null default base.new_id(), constraint tap_quarters_pkey primary key (id))
  partition by range (id);
alter table ops.tap_quarters owner to plinth_owner;
insert into ops.partitioned_tables (name, step, ahead) values ('ops.tap_quarters', 'quarter', 2);
select is(core.make_partitions(1000), 3, 'this quarter and two ahead');
insert into ops.tap_quarters (id)
select base.first_id(date_trunc('quarter', now(), 'UTC') + q * interval '3 months') from generate_series(0, 2) q
union all select base.first_id(date_trunc('quarter', now(), 'UTC') + interval '9 months' - interval '1 ms');
select is((select array_agg(n order by n) from (select count(*) as n from ops.tap_quarters t group by t.tableoid) c),
          '{1,1,2}', 'each has its own, to its last millisecond');
select throws_ok(
  $$ insert into ops.tap_quarters (id) values (base.first_id(date_trunc('quarter', now(), 'UTC') + interval '9 months')) $$,
  '23514', null, 'there is none beyond');
select is(ops.partition_name('ops.tap_quarters', 'quarter', '2026-04-01'), 'tap_quarters_2026_q2', 'they are numbered');

set session authorization plinth_web;
select throws_ok('select core.make_partitions(1)', '42501', null, 'the layer runs it as a job only');
reset session authorization;

select * from finish();
rollback;
