-- http.arguments: what a request to a function may carry: its arguments without p_, but not the user (the caller is
-- filled in), and not the page size and place twice. element is the type of what a list holds, by number. The size of
-- a page, which http.page_limit looks at before the function does, has a minimum and a maximum.
create or replace function http.arguments(p_function oid)
returns table (name text, type text, required boolean, element bigint, minimum integer, maximum integer)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select substr(a.name, 3), format_type(a.type, null), a.n <= p.pronargs - p.pronargdefaults,
         nullif(t.typelem, 0)::bigint, l.minimum, l.maximum
    from pg_proc p
   cross join lateral unnest(p.proargnames[:p.pronargs], p.proargtypes::oid[]) with ordinality as a (name, type, n)
    join pg_type t on t.oid = a.type
    left join (select 1 as minimum, 200 as maximum) l
      on a.name = 'p_limit' and exists (
         select from http.routes r where r.function_name = concat('api.', p.proname) and r.result = 'list')
   where p.oid = p_function and a.name <> 'p_user_id'
   order by a.n
$$;

comment on function http.arguments(oid) is 'What a request to a function may carry';
