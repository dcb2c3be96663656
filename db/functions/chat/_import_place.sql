-- core.import_place: how an error names a field of a line of a history. Lines of a file count from 1, items of a list
-- from 0.
create or replace function core.import_place(p_n bigint, p_line integer, p_field text default null)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select concat_ws('.', case when p_line is null then format('items[%s]', p_n - 1)
                             else format('lines[%s]', p_line + p_n - 1) end, nullif(p_field, ''))
$$;

comment on function core.import_place(bigint, integer, text) is 'How an error names a field of a line of a history';
