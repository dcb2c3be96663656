-- core.export_tables: what an export reads, in the order it tells it: of each table the rows of a user ($1), as what
-- they are shown, and by what one of them is named. All exports read this and differ only in how they cut it.
--
-- Rules   Which tables and columns says core.user_tables. The account comes first, then what else is of it.
--         Single calls are left out, because they may be millions: the hours that count them are in it.
--         The table goes by the name t; types are those of key.
create or replace function core.export_tables()
returns table (place bigint, name text, origin text, shown text, key text[], types text[])
language sql
stable
rows 40
set search_path = pg_catalog, pg_temp
as $$
  select row_number() over (order by u.schema_name <> 'auth', u.table_name <> 'users', u.schema_name, u.table_name),
         format('%s.%s', u.schema_name, u.table_name),
         format('%I.%I t where (%s)', u.schema_name, u.table_name, u.rows),
         format('(select to_json(x) from (select %s) x)', (select string_agg(format('t.%I', c), ', ') from unnest(u.shown) c)),
         u.key,
         array(select format_type(a.atttypid, a.atttypmod)
                 from unnest(u.key) with ordinality as k (name, n)
                 join pg_attribute a on a.attname = k.name
                where a.attrelid = to_regclass(format('%I.%I', u.schema_name, u.table_name))
                order by k.n)
    from core.user_tables() u
   -- What waits to be sent would tell whether an address that was asked for is somebody else's.
   where (u.schema_name, u.table_name) not in (('ops', 'outbox'), ('auth', 'one_time_tokens'), ('ops', 'api_usage'))
   order by 1
$$;

comment on function core.export_tables() is 'What an export reads: tables, whose rows, which columns, in which order';
grant execute on function core.export_tables() to plinth_system;
