-- api.get_api_usage_stats: what the caller used in a period: calls, errors, models, tokens, cost, and how long it took.
--
-- Rules   Summed by total, hour, day (UTC), route, status or model; core.usage_stats says how. What was answered counts
--         within a second or so. p50 and p95 are estimates from a histogram, see core.duration_at.
-- Errors  UN001 nobody is signed in; VL001 from, to, by
create or replace function api.get_api_usage_stats(
  p_user_id uuid,
  p_from    timestamptz default null,
  p_to      timestamptz default null,
  p_by      text default 'day',
  p_after   text default null,
  p_limit   integer default 50
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
  p_user_id := core.act_for(p_user_id);
  if p_by is null or p_by not in ('total', 'hour', 'day', 'route', 'status', 'model') then
    perform base.raise('VL001', 'by must be total, hour, day, route, status or model', 'by');
  end if;
  return query select s.* from core.usage_stats(p_user_id, p_from, p_to, p_by, p_after, p_limit) s;
end
$$;

comment on function api.get_api_usage_stats(uuid, timestamptz, timestamptz, text, text, integer) is
  'What the caller used in a period';
grant execute on function api.get_api_usage_stats(uuid, timestamptz, timestamptz, text, text, integer)
  to plinth_web, plinth_operator;
select http.expose('GET /v1/usage', 'api.get_api_usage_stats');
