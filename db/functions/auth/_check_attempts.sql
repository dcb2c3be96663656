-- core.check_attempts: whether something may be tried now. Called before the work of trying:
--
--   if not core.check_attempts('totp', p_user_id::text) then
--     return;                              -- RL002 is kept; the answer is 429 with Retry-After
--   end if;
--   v_right := …;                          -- the work
--   if not core.count_attempt('totp', p_user_id::text, v_right) then
--     return;                              -- too many at once: the verdict stays untold, RL002 is kept
--   end if;
--
-- Rules   p_kind names what is tried: password, totp, recovery, reset; each has a setting attempts.<kind>.first_wait.
--         p_subject is what a person would type, in lower case (a login, whether or not it exists), or a user's id.
--         Counted are failures of the subject from the address of the request; core.attempt_wait has the numbers.
--         The refusal is the same whether or not there is such an account; it names a way around the wait where the
--         kind
--         has one. Nothing is counted in psql.
-- Errors  RL002 too many attempts (kept, not raised)
create or replace function core.check_attempts(p_kind text, p_subject text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_address text := core.attempt_address();
  v_wait    integer;
begin
  if v_address is null then
    return true;
  end if;
  v_wait := core.attempt_wait(p_kind, core.attempt_digest(p_subject), core.attempt_digest(v_address));
  if v_wait > 0 then
    perform core.keep_failure(
      'RL002',
      case p_kind
        when 'password' then 'Too many attempts; wait as long as Retry-After says, or ask for a new password'
        when 'reset' then 'Too many requests for a new password; wait as long as Retry-After says'
        when 'totp' then 'Too many wrong codes; wait as long as Retry-After says, or use a recovery code'
        else 'Too many wrong codes; wait as long as Retry-After says'
      end,
      p_retry_after => v_wait);
  end if;
  return v_wait = 0;
end
$$;

comment on function core.check_attempts(text, text) is 'Whether something may be tried now; if not, RL002 is kept';
grant execute on function core.check_attempts(text, text) to plinth_system;
