-- core.forget_attempts: recovery. Whoever proved by other means that the account is his (a new password by mail, an
-- operator) is let in again: failures of any kind are forgotten, and so are the addresses that were known.
--
-- Why any   Looked up by keys: joined, all attempts might be read where a session planned while there were few.
-- Locks   rows of auth.attempts
create or replace function core.forget_attempts(p_user_id uuid)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  delete from auth.attempts a
   where a.kind in ('password', 'totp', 'recovery')
     and a.subject = any (array(select core.attempt_digest(p_user_id::text)
                                union all
                                select core.attempt_digest(l.login) from auth.logins l where l.user_id = p_user_id))
$$;

comment on function core.forget_attempts(uuid) is
  'Forgets the failed attempts on an account, after its owner proved himself';
grant execute on function core.forget_attempts(uuid) to plinth_system;
