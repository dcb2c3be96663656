-- api.check_rate_limit: whether the caller may make so many requests and use so many tokens now. Nothing is counted.
--
-- Rules   The answer is about this moment: whoever then uses them calls increment_rate_limit, which checks and counts
--         in one.
--         quota, remaining and reset are those of the window that decides, remaining after what was asked about;
--         retry_after says in how many seconds it would fit, 0 where it does. windows has all of them as they are now.
-- Errors  UN001 nobody is signed in; VL001 requests, tokens
create or replace function api.check_rate_limit(p_user_id uuid, p_requests integer default 1, p_tokens bigint default 0)
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
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now     bigint := floor(extract(epoch from statement_timestamp()));
  v_subject record;
begin
  p_user_id := core.act_for(p_user_id);
  perform core.check_units(p_requests, p_tokens);
  v_subject := core.rate_subjects(p_user_id, base.request_context(5)::uuid, null, '', core.usual_limits());
  return query
    select * from core.rate_answer(v_subject.subjects, v_subject.limits, core.rate_windows(v_subject.subjects, v_now),
                                   nullif(p_requests, 0), nullif(p_tokens, 0), v_now);
end
$$;

comment on function api.check_rate_limit(uuid, integer, bigint) is
  'Whether the caller may make so many requests and use so many tokens now; nothing is counted';
grant execute on function api.check_rate_limit(uuid, integer, bigint) to plinth_web, plinth_operator;
select http.expose('POST /v1/quotas/check', 'api.check_rate_limit', replica => false);
