-- core.functions_named: our own functions that a text calls, be it code or the plan of a statement. A plan names also
-- what views, row policies and defaults call.
create or replace function core.functions_named(p_text text)
returns setof oid
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select p.oid
    from (select distinct f.found from regexp_matches(p_text, '\m([a-z_]+)\.([a-z_0-9]+)\(', 'g') as f (found)) as t
    join pg_namespace n on n.nspname = t.found[1]
    join pg_proc p on p.pronamespace = n.oid and p.proname = t.found[2]
   where p.proowner in ('plinth_owner'::regrole, 'plinth_system'::regrole)
$$;

comment on function core.functions_named(text) is 'Our own functions that a text calls';
