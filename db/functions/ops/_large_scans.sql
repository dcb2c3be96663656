-- core.large_scans: what a plan reads from one end to the other though it is large: 10,000 rows or more.
create or replace function core.large_scans(p_plan jsonb)
returns setof text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select distinct format('sequential scan on %s, %s rows', c.oid::regclass, c.reltuples::bigint)
    from jsonb_path_query(p_plan, 'strict $.** ? (@."Node Type" == "Seq Scan")') as n (node)
    join pg_class c on c.oid = format('%I.%I', n.node ->> 'Schema', n.node ->> 'Relation Name')::regclass
   where c.reltuples >= 10000
$$;

comment on function core.large_scans(jsonb) is 'The large tables that a plan reads from one end to the other';
