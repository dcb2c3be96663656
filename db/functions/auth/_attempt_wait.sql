-- core.attempt_wait: seconds until a subject may be tried again from an address; 0 when it may now.
--
-- Rules   attempts.free failures in a row of the subject from the address cost nothing. Then each one makes wait:
--         first_wait seconds, doubled each time, at most longest_wait; and never more than attempts.free in a minute.
--         attempts.stop in a row from addresses where the subject never succeeded: until they are forgotten
--         (core.forget_attempts, or time). attempts.per_address within an hour, attempts.overall within a minute.
--         Where the subject has succeeded before, only its own failures from there count.
-- Why offset 0   As in core.branch_ids: each is looked up by its key.
create or replace function core.attempt_wait(p_kind text, p_subject bytea, p_address bytea)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now   timestamptz := clock_timestamp();
  v_free  integer := base.setting('attempts.free')::integer;
  v_first integer := base.setting(format('attempts.%s.first_wait', p_kind))::integer;
  v_most  integer := base.setting('attempts.longest_wait')::integer;
  v_stop  integer := nullif(base.setting('attempts.stop'), '0')::integer;
  v_pair  auth.attempts;
  v_until timestamptz;
  v_other timestamptz;
begin
  select a.* into v_pair
    from (select * from auth.attempts t
           where t.kind = p_kind and t.subject = p_subject and t.address = p_address offset 0) a
   where a.forget_at > v_now;

  if v_pair.failures >= v_stop then
    v_until := v_pair.forget_at;
  elsif v_pair.failures >= v_free then
    v_until := greatest(
      v_pair.began_at + interval '1 minute',
      v_pair.failed_at + make_interval(secs => least(v_first * 2.0 ^ least(v_pair.failures - v_free, 30), v_most)));
  end if;

  -- Asked in any case: the clock must not tell where a login is known.
  select max(a.forget_at) into v_other
    from (values (p_subject, bytea '', v_stop),
                 (bytea '', p_address, nullif(base.setting('attempts.per_address'), '0')::integer),
                 (bytea '', bytea '', nullif(base.setting('attempts.overall'), '0')::integer)) as l (subject, address, most)
   cross join lateral (select * from auth.attempts t
                        where t.kind = p_kind and t.subject = l.subject and t.address = l.address offset 0) a
   where a.forget_at > v_now and a.failures >= l.most;
  if v_pair.succeeded_at is null then
    v_until := greatest(v_until, v_other);
  end if;

  return coalesce(greatest(ceil(extract(epoch from v_until - v_now)), 0), 0);
end
$$;

comment on function core.attempt_wait(text, bytea, bytea) is
  'Seconds until a subject may be tried again from an address';
grant execute on function core.attempt_wait(text, bytea, bytea) to plinth_system;
