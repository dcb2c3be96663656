-- core.large_scans: what a plan reads from one end to the other though it is large, 10,000 rows or more: a table, or an
-- index of one without a condition on it, unless a LIMIT ends that early.
create or replace function core.large_scans(p_plan jsonb)
returns setof text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive node (node, schema, limited) as (
    select p_plan -> 'Plan', p_plan #>> '{Plan,Schema}', false
    union all
    select below.node, coalesce(below.node ->> 'Schema', n.schema),
           n.node ->> 'Node Type' = 'Limit'
             or n.limited and n.node ->> 'Node Type' not in ('Sort', 'Aggregate', 'WindowAgg', 'Hash')
      from node n
     cross join lateral jsonb_array_elements(n.node -> 'Plans') as below (node)
  )
  select format('sequential scan on %s, %s rows', c.oid::regclass, c.reltuples::bigint)
    from node n
    join pg_class c on c.oid = format('%I.%I', n.node ->> 'Schema', n.node ->> 'Relation Name')::regclass
   where n.node ->> 'Node Type' = 'Seq Scan' and c.reltuples >= 10000
  union
  select format('whole index %s, %s rows', i.oid::regclass, i.reltuples::bigint)
    from node n
    join pg_namespace s on s.nspname = n.schema
    join pg_class i on i.relname = n.node ->> 'Index Name' and i.relnamespace = s.oid
   where not n.node ? 'Index Cond' and not n.limited and i.reltuples >= 10000
$$;

comment on function core.large_scans(jsonb) is
  'The large tables and indexes that a plan reads from one end to the other';
