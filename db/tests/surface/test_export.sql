-- An export of any size goes page by page: each table in it has an index of the user and what names a row, in which a
-- page is one stretch; and what names a row may be told, since a place in an export is made of it.
begin;
set local search_path = tap, pg_catalog;
select plan(8);

create function pg_temp.exported() returns table (relation oid, name text, key text[], shown text[], user_column text)
language sql as $$
  select to_regclass(e.name), e.name, e.key, t.shown, coalesce(p.user_column, 'user_id')
    from core.export_tables() e
    join core.user_tables() t on e.name = format('%s.%s', t.schema_name, t.table_name)
    left join base.table_privacy p on p.schema_name = t.schema_name and p.table_name = t.table_name
$$;

create function pg_temp.along_no_index() returns setof text language sql as $$
  select e.name from pg_temp.exported() e
   where not exists (
     select from pg_index i
      cross join lateral (
        select array_agg(a.attname::text order by u.n) as names
          from unnest(i.indkey) with ordinality as u (num, n)
          join pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.num) c
      where i.indrelid = e.relation and i.indisvalid and i.indpred is null and i.indexprs is null
        and case when e.key = array[e.user_column] then c.names[1:1] = e.key
                 else c.names[1:cardinality(e.key) + 1] = e.user_column || e.key end)
$$;

create function pg_temp.told_secrets() returns setof text language sql as $$
  select e.name from pg_temp.exported() e where not e.shown @> e.key
$$;

create function pg_temp.without_a_key() returns setof text language sql as $$
  select e.name from pg_temp.exported() e
   where not exists (select from pg_constraint k where k.conrelid = e.relation and k.contype = 'p')
$$;

-- Under a policy an operator that might tell of other rows finds no index.
create function pg_temp.leaky() returns setof text language sql as $$
  select format('%s.%s', e.name, a.attname)
    from pg_temp.exported() e
    join pg_attribute a on a.attrelid = e.relation and a.attname = any (e.key)
   where not exists (
     select from pg_operator o
       join pg_proc p on p.oid = o.oprcode
      where o.oprname = '>' and o.oprleft = a.atttypid and o.oprright = a.atttypid and p.proleakproof)
$$;

select is_empty('select pg_temp.without_a_key()', 'each table has a primary key');
select is_empty('select pg_temp.told_secrets()', 'what names a row may be told');
select is_empty('select pg_temp.leaky()', 'an index is asked for what comes behind it');
select is_empty('select pg_temp.along_no_index()', 'a page is one stretch of an index');

create table auth.planted (user_id uuid not null references auth.users (id), secret text, n numeric, primary key (n, secret));
select results_eq('select pg_temp.told_secrets()', array['auth.planted'], 'a secret that names a row is found');
select results_eq('select pg_temp.leaky()', array['auth.planted.n'], 'a type without a safe comparison is found');
select results_eq('select pg_temp.along_no_index()', array['auth.planted'], 'a table without such an index is found');
alter table auth.planted drop constraint planted_pkey;
select results_eq('select pg_temp.without_a_key()', array['auth.planted'], 'a table without a key is found');

select * from finish();
rollback;
