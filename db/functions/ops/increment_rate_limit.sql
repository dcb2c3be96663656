-- api.increment_rate_limit: counts so many requests and tokens of the caller, if all of it fits; else nothing. This is
-- how an application spends tokens before it lets a model work.
--
-- Rules   However many call at once: what is counted never exceeds a limit.
--         Over HTTP the call itself is a request besides, so p_requests is for what the application does elsewhere.
-- Errors  UN001 nobody is signed in; VL001 requests, tokens: also what is more than a limit, and so can never fit;
--         RL001 it does not fit now: the limit, with the time to wait
-- Locks   the rows of the user, and of the API key the caller comes by, in ops.rate_limit_tracking
create or replace function api.increment_rate_limit(p_user_id uuid, p_requests integer default 1, p_tokens bigint default 0)
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
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now     bigint;
  v_subject record;
  v_windows ops.rate_window[];
  v_verdict record;
begin
  p_user_id := core.act_for(p_user_id);
  perform core.check_units(p_requests, p_tokens);
  v_subject := core.rate_subjects(p_user_id, base.request_context(5)::uuid, null, '', core.usual_limits());
  for n in 1 .. cardinality(v_subject.limits) loop
    if v_subject.limits[n] between 1 and (case when n % 4 = 0 then p_tokens else p_requests end) - 1 then
      perform base.raise('VL001', format('This is more than the limit of %s, so it can never fit',
        core.limit_words(v_subject.subjects[(n + 3) / 4], n % 4, v_subject.limits[n])),
        case when n % 4 = 0 then 'tokens' else 'requests' end);
    end if;
  end loop;
  perform core.lock_rate_limits(v_subject.subjects, array_fill(p_user_id, array[cardinality(v_subject.subjects)]));
  v_now := floor(extract(epoch from clock_timestamp()));
  v_windows := core.rate_windows(v_subject.subjects, v_now);

  v_verdict := core.rate_verdict(v_subject.limits, v_windows, nullif(p_requests, 0), nullif(p_tokens, 0), v_now);
  if not v_verdict.fits then
    perform core.follow_clock(v_subject.subjects, v_now);
    perform core.refuse_limit(core.limit_words(v_subject.subjects[(v_verdict.place + 3) / 4], v_verdict.place % 4,
                                               v_verdict.most), v_verdict.wait);
    return;
  end if;

  for n in 1 .. cardinality(v_windows) loop
    v_windows[n] := core.window_plus(v_windows[n], case when n % 4 = 0 then p_tokens else p_requests end);
  end loop;
  perform core.keep_rate_windows(v_subject.subjects, v_subject.limits, v_windows);
  return query
    select * from core.rate_answer(v_subject.subjects, v_subject.limits, v_windows, case when p_requests > 0 then 0 end,
                                   case when p_tokens > 0 then 0 end, v_now);
end
$$;

comment on function api.increment_rate_limit(uuid, integer, bigint) is
  'Counts requests and tokens of the caller if they fit into all limits; else RL001';
grant execute on function api.increment_rate_limit(uuid, integer, bigint) to plinth_web, plinth_operator;
select http.expose('POST /v1/quotas/spend', 'api.increment_rate_limit');
