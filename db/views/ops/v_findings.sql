-- api.v_findings: what is not well in here and needs a person; no row: nothing. plinth doctor prints it beside what it
-- finds outside the database. Owned by plinth_system, because it counts over all users; it shows nothing of theirs.
create or replace view api.v_findings as
select 'warn' as level,
       format('job %s failed %s times in a row: %s', j.name, j.failures, j.error) as finding
  from api.v_jobs j
 where j.failures > 0
union all
select 'warn', format('job %s is due since %s: does a worker run?', j.name, date_trunc('second', j.next_run_at))
  from api.v_jobs j
 where j.failures = 0 and j.next_run_at < now() - interval '5 minutes'
union all
select 'warn', format('%s rows of the audit trail wait to be sealed, the oldest for more than a minute', count(*))
  from ops.audit_unsealed u
  join ops.audit_logs l on l.id = u.audit_id
having min(l.occurred_at) < now() - interval '1 minute'
union all
select 'FAIL', format('%s has no partition for the next %s: select ops.make_partitions()', t.name, t.step)
  from ops.partitioned_tables t
 where not exists (
   select from pg_class c
    where c.relnamespace::regnamespace::text = split_part(t.name, '.', 1)
      and c.relname = split_part(t.name, '.', 2)
                   || to_char(date_trunc(t.step, now() at time zone 'UTC')
                              + case t.step when 'quarter' then interval '3 months' else ('1 ' || t.step)::interval end,
                              case t.step when 'quarter' then '_YYYY_"q"Q' when 'month' then '_YYYY_MM'
                                          else '_YYYY_MM_DD' end))
union all
select 'warn', format('%s holds about %s rows that found no partition', c.oid::regclass, pg_stat_get_live_tuples(c.oid))
  from ops.partitioned_tables t
  join pg_class c on format('%s.%s', c.relnamespace::regnamespace, c.relname) = t.name || '_default'
 where pg_stat_get_live_tuples(c.oid) > 0
union all
-- A message whose link was no longer good when its turn came was not wanted any more.
select 'warn', format('mail %s: %s messages were given up; ops.outbox.last_error says why', o.kind, count(*))
  from ops.outbox o
 where o.given_up_at is not null and o.last_error is distinct from 'Its link is no longer good'
 group by o.kind
union all
select 'warn', format('mail %s: %s messages wait, since %s', m.kind, m.waiting, date_trunc('second', m.oldest_waiting))
  from api.v_mail m
 where m.oldest_waiting < now() - interval '15 minutes';

comment on view api.v_findings is 'What is not well in the database and needs a person; no row: nothing';
comment on column api.v_findings.level is 'FAIL: something does not work, or soon will not; warn: look at it';
comment on column api.v_findings.finding is 'What it is';
grant select on api.v_findings to plinth_reader, plinth_operator;
alter view api.v_findings owner to plinth_system;
