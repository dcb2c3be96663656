-- http.catalog: everything the layer needs to serve, in one read: the version of the code, every route with its
-- arguments and its statement, and the error table.
--
-- Rules   What is kept for a caller depends on his sessions, and where a permission is asked for, on what roles permit.
--         Where a replica may answer, replica has how the primary vouches for the caller and what the replica is asked:
--         the route's statement with http.assume in place of http.enter.
create or replace function http.catalog()
returns json
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select json_build_object(
    'version', (select g.version from http.registry g),
    'errors', (select json_agg(e order by e.code) from base.errors e),
    'routes', (
      select coalesce(json_agg(json_build_object(
               'route', concat(r.method, ' ', r.path), 'method', r.method, 'path', r.path,
               'function', r.function_name, 'auth', r.auth, 'lane', r.lane, 'once', r.once, 'cost', r.cost, 'lines', r.lines,
               'status', r.status, 'result', r.result, 'cache_seconds', r.cache_seconds,
               'cache_tags', case when r.auth <> 'none' then array['sessions'] else '{}'::text[] end || r.cache_tags
                          || case when r.permission is not null then array['all:permissions'] else '{}' end,
               'statement', http.statement(r),
               'statement_many', http.statement(r, p_many => true),
               'statement_once', case when r.once <> 'never' then http.statement(r, true) end,
               'replica', case when r.replica then json_build_object(
                 'vouch', 'select ' || http.entry(r, 'vouch'),
                 'statement', replace(http.statement(r), http.entry(r, 'enter'), http.entry(r, 'assume'))) end,
               'arguments', (select coalesce(json_agg(json_strip_nulls(json_build_object(
                   'name', a.name, 'type', a.type, 'required', a.required, 'element', a.element,
                   'rule', 'a whole number from ' || a.minimum || ' to ' || a.maximum))), '[]')
                 from http.arguments(r.function_name::regproc) a))
             order by r.path, r.method), '[]')
        from http.routes r))
$$;

comment on function http.catalog() is 'Version, routes with arguments and statements, and errors, for the layer';
grant execute on function http.catalog() to plinth_web, plinth_operator;
