-- http.has_cursor: whether a function returns pages. A list function gives each row the column "cursor", the text with
-- which the next page would begin behind it.
create or replace function http.has_cursor(p_function oid)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (select from http.result_columns(p_function) c where c.name = 'cursor')
$$;

comment on function http.has_cursor(oid) is 'Whether a function returns pages: its rows have a column "cursor"';
