-- core.refuse_limit: refuses what exceeds a limit, and says when it would fit.
--
-- Rules   In a request the refusal is kept, since only so it can carry its own Retry-After; elsewhere it is raised.
-- Errors  RL001 the limit is reached
create or replace function core.refuse_limit(p_limit text, p_wait integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message text := format('The limit of %s is reached; wait %s seconds', p_limit, p_wait);
begin
  if current_setting('plinth.caller', true) <> '' then
    perform core.keep_failure('RL001', v_message, p_retry_after => p_wait);
  else
    perform base.raise('RL001', v_message);
  end if;
end
$$;

comment on function core.refuse_limit(text, integer) is 'Refuses what exceeds a limit, and says when it would fit';
grant execute on function core.refuse_limit(text, integer) to plinth_system;
