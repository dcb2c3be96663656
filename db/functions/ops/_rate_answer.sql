-- core.rate_answer: what a user is told of a verdict: whether it fits, the window that decides, and all windows.
--
-- Rules   Where p_requests, or p_tokens, is NULL, windows of requests, or of tokens, do not decide.
create or replace function core.rate_answer(
  p_subjects text[],
  p_limits   bigint[],
  p_windows  ops.rate_window[],
  p_requests bigint,
  p_tokens   bigint,
  p_now      bigint
)
returns table (
  allowed     boolean,
  scope       text,
  unit        text,
  period      text,
  quota       bigint,
  remaining   bigint,
  reset       integer,
  retry_after integer,
  windows     jsonb
)
language sql
stable
rows 1
set search_path = pg_catalog, pg_temp
as $$
  select v.fits, split_part(p_subjects[(v.place + 3) / 4], ':', 1),
         case v.place % 4 when 0 then 'tokens' when 1 then 'requests' when 2 then 'requests' when 3 then 'requests' end,
         case v.place % 4 when 1 then 'minute' when 2 then 'hour' when 3 then 'day' when 0 then 'day' end,
         v.most, v.remaining, v.reset, v.wait,
         (select coalesce(jsonb_agg(to_jsonb(d)), '[]') from core.quota_details(p_subjects, p_limits, p_windows, p_now) d)
    from core.rate_verdict(p_limits, p_windows, p_requests, p_tokens, p_now) v
$$;

comment on function core.rate_answer(text[], bigint[], ops.rate_window[], bigint, bigint, bigint) is
  'What a user is told of a verdict about limits';
grant execute on function core.rate_answer(text[], bigint[], ops.rate_window[], bigint, bigint, bigint) to plinth_system;
