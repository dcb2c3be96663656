-- core.follow_clock: takes the windows of these subjects along with a clock that went back. What is granted is written
-- anyhow; this is for who is refused, and would be until the clock is where it was.
--
-- Locks   the rows that are ahead of the clock, which the caller has locked
create or replace function core.follow_clock(p_subjects text[], p_now bigint)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  update ops.rate_limit_tracking t
     set requests_minute = case when (t.requests_minute).total > 0 then core.window_at(t.requests_minute, 1, p_now) end,
         requests_hour = case when (t.requests_hour).total > 0 then core.window_at(t.requests_hour, 60, p_now) end,
         requests_day = case when (t.requests_day).total > 0 then core.window_at(t.requests_day, 1440, p_now) end,
         tokens_day = case when (t.tokens_day).total > 0 then core.window_at(t.tokens_day, 1440, p_now) end
   where t.subject = any (p_subjects)
     and ((t.requests_minute).head > p_now + 2 or (t.requests_hour).head > p_now / 60 + 2
          or (t.requests_day).head > p_now / 1440 + 2 or (t.tokens_day).head > p_now / 1440 + 2)
$$;

comment on function core.follow_clock(text[], bigint) is 'Takes windows along with a clock that went back';
grant execute on function core.follow_clock(text[], bigint) to plinth_system;
