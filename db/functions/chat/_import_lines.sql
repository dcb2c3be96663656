-- core.import_lines: the lines of one type among those of a history, with their numbers. Not inlined: where it is read,
-- the planner reckons with many lines, and joins them by hashing.
create or replace function core.import_lines(p_items jsonb, p_type text)
returns table (n bigint, item jsonb)
language sql
immutable
rows 1000
set search_path = pg_catalog, pg_temp
as $$
  select e.n, e.item from jsonb_array_elements(p_items) with ordinality as e (item, n) where e.item ->> 'type' = p_type
$$;

comment on function core.import_lines(jsonb, text) is 'The lines of one type among those of a history';
