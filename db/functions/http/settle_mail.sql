-- http.settle_mail: how an attempt of http.claim_mail ended: sent, or what it failed of.
--
-- Rules   Sent is sent, whichever attempt says so. A failure counts only from the attempt under way: one that comes too
--         late changes nothing.
--         p_code is what the mail server answered about this very message; 500 and above is final (no such mailbox),
--         and so is the last attempt allowed. Anything else waits: half a minute, doubled with each attempt, at most an
--         hour, and of that a random part, so that what failed together is not tried together.
-- Locks   the message's row
-- Owned by plinth_system: it sends for everybody.
create or replace function http.settle_mail(
  p_user_id uuid,
  p_id      uuid,
  p_attempt integer,
  p_error   text default null,
  p_code    integer default null
)
returns void
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  update ops.outbox o
     set sent_at = case when p_error is null then clock_timestamp() end,
         given_up_at = case when e.final then clock_timestamp() end,
         token_encrypted = case when p_error is not null and not e.final then o.token_encrypted end,
         -- What a server says may repeat what it was sent.
         last_error = left(regexp_replace(regexp_replace(p_error, 'plo_[A-Za-z0-9_-]+', 'plo_…', 'g'),
                                          '[[:cntrl:]]+', ' ', 'g'), 500),
         next_attempt_at = clock_timestamp() + least(interval '30 seconds' * 2 ^ (o.attempts - 1), interval '1 hour')
                                             * (0.5 + random() / 2)
    from (select p_error is not null and (coalesce(p_code, 0) between 500 and 599
                   or p_attempt >= base.setting('mail.attempts')::integer) as final) e
   where o.user_id = p_user_id and o.id = p_id and o.sent_at is null
     and (p_error is null or o.attempts = p_attempt and o.given_up_at is null)
$$;

comment on function http.settle_mail(uuid, uuid, integer, text, integer) is
  'Records how an attempt to send a message ended';
grant execute on function http.settle_mail(uuid, uuid, integer, text, integer) to plinth_web;
alter function http.settle_mail(uuid, uuid, integer, text, integer) owner to plinth_system;
