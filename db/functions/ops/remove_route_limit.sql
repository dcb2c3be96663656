-- api.remove_route_limit: a route has no limits of its own any more. Not having any is no error.
--
-- Permission limits:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing
-- Locks   the route's row
create or replace function api.remove_route_limit(p_route text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform core.require_permission('limits:manage');
  delete from ops.route_limits r where r.route = p_route;
end
$$;

comment on function api.remove_route_limit(text) is 'A route has no limits of its own any more';
grant execute on function api.remove_route_limit(text) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/admin/limits/routes', 'api.remove_route_limit', permission => 'limits:manage', status => 204);
