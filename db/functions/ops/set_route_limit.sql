-- api.set_route_limit: what one caller may use of one route, besides all other limits.
--
-- Rules   The route is named as in http.routes: POST /v1/sessions. What is left out, or 0, is no limit.
-- Permission limits:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 no such route; VL001 a limit
-- Locks   the route's row
create or replace function api.set_route_limit(
  p_route               text,
  p_requests_per_minute bigint default null,
  p_requests_per_hour   bigint default null,
  p_requests_per_day    bigint default null
)
returns setof core.limit_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('limits:manage');
  if not exists (select from http.routes r where concat(r.method, ' ', r.path) = p_route) then
    perform base.raise('NF001', format('There is no route %s', p_route), 'route');
  end if;
  perform core.check_limits(p_requests_per_minute, p_requests_per_hour, p_requests_per_day);

  insert into ops.route_limits (route, requests_per_minute, requests_per_hour, requests_per_day)
  values (p_route, p_requests_per_minute, p_requests_per_hour, p_requests_per_day)
  on conflict (route) do update
    set requests_per_minute = excluded.requests_per_minute, requests_per_hour = excluded.requests_per_hour,
        requests_per_day = excluded.requests_per_day;

  return query select l.* from core.limit_details l where l.kind = 'route' and l.name = p_route;
end
$$;

comment on function api.set_route_limit(text, bigint, bigint, bigint) is 'What one caller may use of one route';
grant execute on function api.set_route_limit(text, bigint, bigint, bigint) to plinth_web, plinth_operator;
select http.expose('PUT /v1/admin/limits/routes', 'api.set_route_limit', permission => 'limits:manage');
