-- http.status_of: the HTTP status of an error code; the longest matching row of base.errors decides.
create or replace function http.status_of(p_code text)
returns integer
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    (select e.http_status from base.errors e where p_code like e.code || '%' order by length(e.code) desc limit 1),
    500)
$$;

comment on function http.status_of(text) is 'HTTP status of an error code';
