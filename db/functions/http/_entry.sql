-- http.entry: the call of a way in, as a route makes it: http.enter, and for replicas http.vouch and http.assume. $1 is
-- the SHA-256 of the token, $2 what the layer knows of the request.
--
-- Rules   Where a route names no permission, an API key needs the scope self:read for what reads, else self:write.
create or replace function http.entry(p_route http.routes, p_way_in text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select format('http.%I(%L, %L, $1::bytea, $2::text%s)', p_way_in, p_route.auth, p_route.permission,
           case when p_route.auth = 'user' and p_route.permission is null
                then case when p_route.method = 'GET' or p_route.lane = 'read' then ', ''self:read'''
                          else ', ''self:write''' end
           end)
$$;

comment on function http.entry(http.routes, text) is 'The call of a way in, as a route makes it';
