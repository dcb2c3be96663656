-- api.get_all_usage_stats: what everybody used in a period, or one user: calls, errors, models, tokens, cost, times.
--
-- Rules   Summed by total, hour, day (UTC), route, status, model, or user (all zeros: nobody known); core.usage_stats
--         says how. p_user names one user, and then it is not summed by user.
-- Permission usage:read
-- Errors  UN001 nobody is signed in; NP001 permission missing; VL001 from, to, by
-- Owned by plinth_system: it counts everybody.
create or replace function api.get_all_usage_stats(
  p_from  timestamptz default null,
  p_to    timestamptz default null,
  p_by    text default 'day',
  p_user  uuid default null,
  p_after text default null,
  p_limit integer default 50
)
returns table (
  key        text,
  calls      bigint,
  errors     bigint,
  failures   bigint,
  model_uses bigint,
  tokens_in  bigint,
  tokens_out bigint,
  cost       numeric,
  average_ms numeric,
  p50_ms     numeric,
  p95_ms     numeric,
  slowest_ms numeric,
  cursor     text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('usage:read');
  return query select s.* from core.usage_stats(p_user, p_from, p_to, p_by, p_after, p_limit) s;
end
$$;

comment on function api.get_all_usage_stats(timestamptz, timestamptz, text, uuid, text, integer) is
  'What everybody used in a period, or one user';
grant execute on function api.get_all_usage_stats(timestamptz, timestamptz, text, uuid, text, integer)
  to plinth_web, plinth_operator;
alter function api.get_all_usage_stats(timestamptz, timestamptz, text, uuid, text, integer) owner to plinth_system;
select http.expose('GET /v1/admin/usage', 'api.get_all_usage_stats', permission => 'usage:read', lane => 'slow');
