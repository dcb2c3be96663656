-- core.count_attempt: counts what core.check_attempts allowed, and says whether the outcome may be told.
--
-- Rules   A success makes the address known for the subject and ends the failures in a row.
--         Others may have failed while this one was at work: if the free attempts are used up meanwhile, the outcome is
--         kept from the caller, right or wrong. So no number of attempts at once gets more verdicts than one by one.
--         A failure where the subject is known counts there only; the work is the same.
--         A failure is remembered for 3 days, n in a row for n times as long; an address stays known for 180 days.
-- Errors  RL002 too many attempts (kept, not raised)
-- Locks   rows of auth.attempts: the pair, the subject, the address, all; until the end of the transaction, so
--         this comes after the work
create or replace function core.count_attempt(p_kind text, p_subject text, p_success boolean)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_address_text text := core.attempt_address();
  v_subject      bytea;
  v_address      bytea;
  v_known        boolean;
  v_now          timestamptz;
begin
  if v_address_text is null then
    return true;
  end if;
  v_subject := core.attempt_digest(p_subject);
  v_address := core.attempt_digest(v_address_text);

  v_known := p_success is true or exists (
    select from auth.attempts a
     where a.kind = p_kind and a.subject = v_subject and a.address = v_address
       and a.succeeded_at is not null and a.forget_at > clock_timestamp());

  -- Locked first, in one order; what has been forgotten begins anew.
  insert into auth.attempts as a (kind, subject, address, forget_at)
  select p_kind, r.subject, r.address, clock_timestamp() + r.remember
    from (values (1, v_subject, v_address, interval '3 days'), (2, v_subject, '', '3 days'),
                 (3, '', v_address, '1 hour'), (4, '', '', '1 minute')) as r (place, subject, address, remember)
   where r.place = 1 or p_success is not true
   order by r.place
      on conflict on constraint attempts_pkey do update
     set failures = case when a.forget_at > clock_timestamp() then a.failures else 0 end,
         began_at = case when a.forget_at > clock_timestamp() then a.began_at else clock_timestamp() end,
         succeeded_at = case when a.forget_at > clock_timestamp() then a.succeeded_at end,
         forget_at = case when a.forget_at > clock_timestamp() then a.forget_at else excluded.forget_at end;

  if not core.check_attempts(p_kind, p_subject) then
    return false;
  end if;

  v_now := clock_timestamp();
  if p_success then
    update auth.attempts a
       set failures = 0, succeeded_at = v_now, forget_at = v_now + interval '180 days'
     where a.kind = p_kind and a.subject = v_subject and a.address = v_address;
    delete from auth.attempts a where a.kind = p_kind and a.subject = v_subject and a.address = '';
  else
    -- The hour of an address and the minute of all end when they end; failures of a subject are remembered longer.
    update auth.attempts a
       set failures = a.failures + c.more,
           failed_at = v_now,
           began_at = case when a.failures = 0 then v_now else a.began_at end,
           forget_at = case when a.subject = '' or c.more = 0 then a.forget_at
                            else greatest(a.forget_at, v_now + (a.failures + c.more) * interval '3 days') end
      from (values (v_subject, v_address, 1), (v_subject, '', 1 - v_known::integer), ('', v_address, 1 - v_known::integer),
                   ('', '', 1 - v_known::integer)) as c (subject, address, more)
     where a.kind = p_kind and a.subject = c.subject and a.address = c.address;
  end if;
  return true;
end
$$;

comment on function core.count_attempt(text, text, boolean) is
  'Counts an attempt; false: too many came at once, and its outcome must not be told';
grant execute on function core.count_attempt(text, text, boolean) to plinth_system;
