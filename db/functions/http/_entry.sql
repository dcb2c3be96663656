-- http.entry: the call of a way in, as a route makes it: http.enter, with an Idempotency-Key http.enter_once, and for
-- replicas http.vouch and http.assume. $1 is the SHA-256 of the token, $2 what the layer knows of the request; $3 the
-- key, $4 the SHA-256 of the arguments.
--
-- Rules   Answers are kept for a day under their key, for three where money moves.
--         Where a route names no permission, an API key needs the scope self:read for what only reads, by any method;
--         else self:write.
create or replace function http.entry(p_route http.routes, p_way_in text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select format('http.%I(%L, %L, $1::bytea, $2::text%s%s)', p_way_in, p_route.auth, p_route.permission,
           case when p_route.auth = 'user' and p_route.permission is null
                then case when (select p.provolatile <> 'v' from pg_proc p where p.oid = p_route.function_name::regproc)
                          then ', ''self:read''' else ', ''self:write''' end
           end,
           case when p_way_in = 'enter_once'
                then format(', p_function => %L, p_hours => %s, p_key => $3::text, p_arguments => $4::text',
                            p_route.function_name, case p_route.once when 'must' then 72 else 24 end)
           end)
$$;

comment on function http.entry(http.routes, text) is 'The call of a way in, as a route makes it';
