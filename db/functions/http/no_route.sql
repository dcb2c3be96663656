-- http.no_route: says that a function of the contract is on purpose not reachable over HTTP.
--
-- Rules   Every function in api has a route or this mark; a test holds it to that.
-- Used by deploys only; granted to nobody else.
create or replace function http.no_route(function text, reason text)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into http.unrouted (function_name, reason, file)
  values (function, reason, coalesce(nullif(current_setting('plinth.file', true), ''), 'psql'))
$$;

comment on function http.no_route(text, text) is 'Marks a function as reachable over SQL only, with the reason';
