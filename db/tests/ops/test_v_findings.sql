-- api.v_findings: what is not well in the database and needs a person.
begin;
select plan(16);

select view_owner_is('api', 'v_findings', 'plinth_system', 'owner');
select columns_are('api', 'v_findings', array['level', 'finding']);
update ops.job_runs set failures = 0, next_run_at = now();
delete from ops.audit_unsealed;
delete from ops.outbox;
select is_empty($$ select * from api.v_findings f where f.finding !~ '_default' $$, 'all is well');

insert into http.jobs (name, every, file) values ('core.tap_a', '1 hour', 'tap'), ('core.tap_b', '1 hour', 'tap');
insert into ops.job_runs (name, next_run_at, failures, error) values
  ('core.tap_a', '-infinity', 2, 'no disk'), ('core.tap_b', now() - interval '6 minutes', 0, null);
create function pg_temp.found(p_like text) returns bigint language sql as $$
  select count(*) from api.v_findings f where f.finding like p_like
$$;
select is(pg_temp.found('job core.tap_a failed 2 times in a row: no disk'), 1::bigint, 'a job that fails');
select is(pg_temp.found('job core.tap_b is due since % does a worker run?'), 1::bigint, 'one that nobody runs');

select ops.write_audit('paint', 'tap.thing', '1');
select is(pg_temp.found('%sealed%'), 0::bigint, 'what was written just now may wait');
insert into ops.audit_logs (occurred_at, action, entity_type) values (now() - interval '2 minutes', 'paint', 'tap.thing');
insert into ops.audit_unsealed (audit_id)
select l.id from ops.audit_logs l where l.entity_type = 'tap.thing' and l.entity_id is null;
select is(pg_temp.found('2 rows of the audit trail wait to be sealed%'), 1::bigint, 'what waits for long is told');

create table ops.tap_log (id uuid not null) partition by range (id);
insert into ops.partitioned_tables (name) values ('ops.tap_log');
select is(pg_temp.found('ops.tap_log has no partition for the next month%'), 1::bigint, 'partitions that were not made');
select format('create table base.tap_log_%s ()', to_char((now() at time zone 'UTC') + interval '1 month', 'YYYY_MM')) \gexec
select is(pg_temp.found('ops.tap_log has no partition for the next month%'), 1::bigint, 'a table of another schema is none');
select is(pg_temp.found('% holds about 0 rows%'), 0::bigint, 'an empty default partition is as it should be');
update ops.partitioned_tables t set step = 'quarter' where t.name = 'ops.tap_log';
select is(pg_temp.found('%has no partition for the next quarter%'), 1::bigint, 'by quarter, too: only this one');

insert into auth.users (id, username, email)
values ('019e0000-0000-7000-8000-00000000cd01', 'tap_findings', 'tap_findings@example.org');
insert into ops.mail_kinds (kind, description) values ('tap_kind', 'of this test');
insert into ops.outbox (user_id, kind, language, address, created_at, given_up_at)
select '019e0000-0000-7000-8000-00000000cd01', 'tap_kind', 'en', 'tap_findings@example.org', now() - interval '1 hour', g
  from unnest(array[now(), null, null]) g;
select is(pg_temp.found('mail tap_kind: 1 messages were given up%'), 1::bigint, 'mail that never went');
select is(pg_temp.found('mail tap_kind: 2 messages wait, since%'), 1::bigint, 'mail that does not go');

set session authorization plinth_reader;
select is(f.level, 'FAIL', 'a reader sees it') from api.v_findings f where f.finding like 'ops.tap_log%';
select is_empty($$ select f from api.v_findings f where f.finding like '%@%' $$, 'but no address');
reset session authorization;
set session authorization plinth_web;
select throws_ok('select * from api.v_findings', '42501', null, 'the layer''s login reads no view');
reset session authorization;

select * from finish();
rollback;
