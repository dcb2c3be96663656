-- core.user_tables: which tables hold rows of users, how a user's rows are found in each ($1 is the user), what of
-- them an export shows, and what an erasure does. Read from the catalog, so that a table of a later domain is in it by
-- being there; base.table_privacy says what the catalog cannot know.
--
-- Rules   A row belongs to the user in its column user_id, or in the one that base.table_privacy names. A table without
--         such a column belongs to whom the rows belong that its foreign keys reach, over any number of tables.
--         A table whose line says user_column NULL only mentions users.
--         A column that can hold anything (text, JSON, bytes, addresses, lists) and that no line classes counts as
--         hidden: it is in no export, and an erasure empties it.
--         depth grows along foreign keys: rows go in the order of falling depth.
--         What is emptied becomes NULL, or what the line says; a text that is empty stays so.
--         key names one of a user's rows: the primary key, without the user where more is left of it.
create or replace function core.user_tables()
returns table (
  schema_name text,
  table_name  text,
  on_erase    text,
  rows        text,
  shown       text[],
  emptied     text,
  depth       integer,
  key         text[]
)
language sql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
  with recursive house as (
    select c.oid, n.nspname, c.relname, p.on_erase, p.personal, p.hidden, p.neutral, p.erased,
           case when p.table_name is null then 'user_id' else p.user_column end as user_column
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      left join base.table_privacy p on p.schema_name = n.nspname and p.table_name = c.relname
     where n.nspowner = 'plinth_owner'::regrole and c.relkind in ('r', 'p') and not c.relispartition
  ), owned as (
    select h.oid, a.attname
      from house h
      join pg_attribute a on a.attrelid = h.oid and a.attname = h.user_column and a.atttypid = 'uuid'::regtype
  ), reference as (
    select k.conrelid, k.confrelid,
           (select string_agg(format('%I', a.attname), ', ' order by u.n)
              from unnest(k.conkey) with ordinality as u (num, n)
              join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num) as from_columns,
           (select string_agg(format('%I', a.attname), ', ' order by u.n)
              from unnest(k.confkey) with ordinality as u (num, n)
              join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num) as to_columns
      from pg_constraint k
     where k.contype = 'f' and k.conparentid = 0 and k.conrelid <> k.confrelid
  ), path as (
    select o.oid, format('%I = $1', o.attname) as rows, array[o.oid] as way from owned o
    union all
    select h.oid, format('(%s) in (select %s from %I.%I where %s)', r.from_columns, r.to_columns, t.nspname, t.relname, p.rows),
           p.way || h.oid
      from path p
      join reference r on r.confrelid = p.oid
      join house t on t.oid = p.oid
      join house h on h.oid = r.conrelid and h.user_column is not null
     where h.oid <> all (p.way) and h.oid not in (select o.oid from owned o)
  ), found as (
    select p.oid, string_agg(distinct p.rows, ' or ') as rows from path p group by p.oid
  ), step as (
    select f.oid, array[f.oid] as way from found f
    union all
    select r.conrelid, s.way || r.conrelid
      from step s
      join reference r on r.confrelid = s.oid
     where r.conrelid in (select f.oid from found f) and r.conrelid <> all (s.way)
  ), deep as (
    select s.oid, max(cardinality(s.way)) as depth from step s group by s.oid
  )
  select h.nspname, h.relname, coalesce(h.on_erase, 'delete'), f.rows, c.shown, c.emptied, d.depth,
         coalesce(k.key, array[h.user_column])
    from found f
    join house h using (oid)
    join deep d using (oid)
   cross join lateral (
     select array_agg(a.attname::text order by a.attnum) filter (where a.safe or a.attname = any (h.neutral || h.personal)),
            string_agg(format(case when a.type = 'text' and h.erased ? a.attname
                                   then '%1$I = case %1$I when '''' then '''' else %2$s end' else '%1$I = %2$s' end,
                              a.attname, format('replace(%L, ''{id}'', replace($1::text, ''-'', ''''))::%s',
                                                h.erased ->> a.attname, a.type)), ', ' order by a.attnum)
              filter (where a.attname = any (h.personal || h.hidden)
                         or not a.safe and a.attname <> all (coalesce(h.neutral, '{}')))
       from (
         select t.attname, t.attnum, format_type(t.atttypid, t.atttypmod) as type,
                y.typcategory in ('B', 'D', 'N', 'T') or y.oid in ('uuid'::regtype, 'xid8'::regtype) as safe
           from pg_attribute t
           join pg_type y on y.oid = t.atttypid
          where t.attrelid = f.oid and t.attnum > 0 and not t.attisdropped and t.attgenerated = ''
       ) a
   ) c (shown, emptied)
   cross join lateral (
     select array_agg(a.attname::text order by u.n) filter (where a.attname <> h.user_column)
       from pg_index i
      cross join unnest(i.indkey) with ordinality as u (num, n)
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.num
      where i.indrelid = f.oid and i.indisprimary
   ) k (key)
$$;

comment on function core.user_tables() is 'Which tables hold rows of users, how they are found, shown and erased';
grant execute on function core.user_tables() to plinth_system;
