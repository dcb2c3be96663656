-- http.result_columns: the columns a function returns, whether it says RETURNS TABLE or SETOF a view.
create or replace function http.result_columns(p_function oid)
returns table (name text, type text, comment text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select c.name, c.type, c.comment
    from (
      select a.name, format_type(a.type, null), null, a.n
        from pg_proc p
       cross join lateral unnest(p.proargnames, p.proallargtypes, p.proargmodes) with ordinality as a (name, type, mode, n)
       where p.oid = p_function and a.mode in ('t', 'o', 'b')
      union all
      select a.attname, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum), a.attnum
        from pg_proc p
        join pg_type t on t.oid = p.prorettype
        join pg_attribute a on a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
       where p.oid = p_function and p.proallargtypes is null
    ) as c (name, type, comment, n)
   order by c.n
$$;

comment on function http.result_columns(oid) is 'The columns a function returns, in order';
