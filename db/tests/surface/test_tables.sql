-- How tables are made: in the manifest, with keys that hold inside one user, named constraints and indexed references.
begin;
set local search_path = tap, pg_catalog;
select plan(27);

create function pg_temp.house() returns setof pg_class language sql as $$
  select c.* from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspowner = 'plinth_owner'::regrole and c.relkind in ('r', 'p')
$$;

create function pg_temp.class_of(p_table oid) returns text language sql as $$
  select m.class from base.table_manifest m
    join pg_class c on c.relname = m.table_name and c.relnamespace::regnamespace::text = m.schema_name
   where c.oid = p_table
$$;

create function pg_temp.unlisted() returns setof text language sql as $$
  select t.oid::regclass::text from pg_temp.house() t
   where not t.relispartition and pg_temp.class_of(t.oid) is null
$$;

create function pg_temp.columns(p_table oid, p_numbers int2[]) returns text[] language sql as $$
  select array(select a.attname::text from unnest(p_numbers) with ordinality as k (n, place)
                 join pg_attribute a on a.attrelid = p_table and a.attnum = k.n order by k.place)
$$;

create function pg_temp.bad_primary_key() returns setof text language sql as $$
  select t.oid::regclass::text
    from pg_temp.house() t
    left join pg_constraint k on k.conrelid = t.oid and k.contype = 'p'
   where k.oid is null
      or pg_temp.class_of(t.oid) = 'by-user' and t.oid <> 'auth.users'::regclass
         and (pg_temp.columns(t.oid, k.conkey))[1] <> 'user_id'
      or pg_temp.class_of(t.oid) = 'by-team' and t.oid <> 'auth.teams'::regclass
         and (pg_temp.columns(t.oid, k.conkey))[1] <> 'team_id'
$$;

-- A reference between rows of users carries the user, so that the database refuses to point into another user's rows.
create function pg_temp.crossing() returns setof text language sql as $$
  select format('%s on %s', k.conname, k.conrelid::regclass)
    from pg_constraint k
   where k.contype = 'f' and pg_temp.class_of(k.conrelid) = 'by-user' and pg_temp.class_of(k.confrelid) = 'by-user'
     and not 'user_id' = any (pg_temp.columns(k.conrelid, k.conkey))
$$;

-- An index without the rows whose reference is NULL serves as well: what is referred to is never NULL.
create function pg_temp.unindexed() returns setof text language sql as $$
  select format('%s on %s', k.conname, k.conrelid::regclass)
    from pg_constraint k join pg_temp.house() t on t.oid = k.conrelid
   where k.contype = 'f' and k.conparentid = 0
     and not exists (
       select from pg_index i
        where i.indrelid = k.conrelid and i.indisvalid
          and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) in (
            select format('(%I IS NOT NULL)', c) from unnest(pg_temp.columns(k.conrelid, k.conkey)) c))
          and (i.indkey::int2[])[0 : cardinality(k.conkey) - 1] @> k.conkey)
$$;

create function pg_temp.misnamed() returns setof text language sql as $$
  select format('%s on %s', k.conname, t.oid::regclass)
    from pg_constraint k join pg_temp.house() t on t.oid = k.conrelid
   where not t.relispartition and k.contype <> 'n' and k.conparentid = 0
     and k.conname !~ ('^' || t.relname || '_([a-z0-9_]+_)?' || case k.contype
           when 'p' then 'pkey' when 'u' then 'key' when 'f' then 'fkey' when 'c' then 'check' when 'x' then 'excl'
           when 't' then 'trigger' end || '$')
  union all
  select i.indexrelid::regclass::text
    from pg_index i join pg_temp.house() t on t.oid = i.indrelid join pg_class c on c.oid = i.indexrelid
   where not t.relispartition and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
     and c.relname !~ ('^' || t.relname || '_[a-z0-9_]+_idx$')
  union all
  select format('%s on %s', g.tgname, t.oid::regclass)
    from pg_trigger g join pg_temp.house() t on t.oid = g.tgrelid
   where not g.tgisinternal and g.tgname !~ '^_[0-9]{3}_[a-z_]+$'
$$;

-- timestamp without zone means another moment in every session, char and varchar(n) hide a rule that a check would
-- name, citext compares case-sensitively under a fixed search_path, enums cannot grow inside a transaction.
create function pg_temp.bad_types() returns setof text language sql as $$
  select format('%s.%s %s', t.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod))
    from pg_temp.house() t
    join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    join pg_type y on y.oid = a.atttypid
   where y.typname in ('timestamp', 'timetz', 'bpchar', 'money', 'citext', 'json', 'serial', 'float4', '_timestamp')
      or y.typname = 'varchar' and a.atttypmod > 0 or y.typtype = 'e'
$$;

-- A random id falls in no partition and spreads the index; ours are ordered by time.
create function pg_temp.random_ids() returns setof text language sql as $$
  select t.oid::regclass::text
    from pg_temp.house() t
    join pg_attribute a on a.attrelid = t.oid and a.attname = 'id' and a.atttypid = 'uuid'::regtype
    left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
   where not t.relispartition and pg_get_expr(d.adbin, d.adrelid) is distinct from 'base.new_id()'
$$;

-- See db/schema/900_statistics.sql.
create function pg_temp.few_rows() returns setof text language sql as $$
  select t.oid::regclass::text
    from pg_temp.house() t
    join pg_constraint k on k.conrelid = t.oid and k.contype = 'p' and cardinality(k.conkey) > 1
    join pg_attribute a on a.attrelid = t.oid and a.attname = 'user_id'
   where pg_temp.class_of(coalesce(pg_partition_root(t.oid), t.oid)) = 'by-user'
     and a.attoptions is distinct from '{n_distinct=-0.01,n_distinct_inherited=-0.01}'
$$;

select is_empty('select pg_temp.random_ids()', 'ids are made by base.new_id()');
select is_empty('select pg_temp.unlisted()', 'every table is in the manifest');
select is_empty(
  $$ select schema_name, table_name from base.table_manifest
      where to_regclass(format('%I.%I', schema_name, table_name)) is null $$, 'and the manifest names no other');
select is_empty('select pg_temp.bad_primary_key()', 'every table has a key; of by-user tables it begins with the user');
select is_empty('select pg_temp.crossing()', 'references stay inside one user');
select is_empty('select pg_temp.unindexed()', 'every foreign key is indexed');
select is_empty('select pg_temp.few_rows()', 'the planner reckons with users of many rows, in each partition, too');
select is_empty('select pg_temp.misnamed()', 'constraints, indexes and triggers follow the naming');
select is_empty('select pg_temp.bad_types()', 'columns have types without surprises');
select is_empty(
  $$ select t.oid::regtype from pg_type t join pg_namespace n on n.oid = t.typnamespace
      where t.typtype = 'e' and n.nspowner = 'plinth_owner'::regrole $$, 'there is no enum type');
select is_empty('select t.oid::regclass from pg_temp.house() t where t.relowner <> ''plinth_owner''::regrole',
                'tables belong to plinth_owner');
select is_empty(
  $$ select t.oid::regclass from pg_temp.house() t
      where t.relnamespace in ('api'::regnamespace, 'core'::regnamespace, 'compat'::regnamespace) $$,
  'no table in a schema that is rebuilt');
select is_empty('select indexrelid::regclass from pg_index where not indisvalid', 'every index is valid');
select is_empty(
  $$ select k.conname, k.conrelid::regclass from pg_constraint k join pg_temp.house() t on t.oid = k.conrelid
      where not k.convalidated $$, 'every constraint is validated');
select is_empty(
  $$ select k.conname from pg_constraint k join ops.partitioned_tables t on t.name = k.confrelid::regclass::text
      where k.contype = 'f' and t.keep_setting is not null and k.conparentid = 0 $$,
  'no reference to a table whose partitions expire');
select is_empty(
  $$ select conname from (
       select k.conname, count(distinct k.conrelid) from pg_constraint k join pg_temp.house() t on t.oid = k.conrelid
        where k.contype in ('c', 'f', 'u', 'p', 'x') and not t.relispartition
        group by 1 having count(distinct k.conrelid) > 1) d $$,
  'a constraint name leads to one table: errors name the field by it');
select is_empty(
  $$ select g.tgname, g.tgrelid::regclass from pg_trigger g join pg_temp.house() t on t.oid = g.tgrelid
       join pg_proc p on p.oid = g.tgfoid join pg_namespace n on n.oid = p.pronamespace
      where not g.tgisinternal
        and (n.nspname in ('api', 'core', 'http', 'compat') or p.proname !~ '^tg_([a-z0-9_]+_)?_[a-z][a-z0-9_]*$') $$,
  'triggers call durable functions named tg_<table>__<task>');
select is_empty(
  $$ select t.oid::regclass from pg_temp.house() t
      where t.relispartition and pg_temp.class_of(t.oid) is not null $$, 'partitions are covered by their table');

create table base.planted (id timestamp, who varchar(3), owner uuid references auth.users (id));
create index odd on base.planted (who);
create table base.planted_row (user_id uuid, id uuid, other uuid, constraint planted_row_pkey primary key (id),
  constraint planted_row_id_key unique (user_id, id),
  constraint planted_row_other_fkey foreign key (other) references base.planted_row (id));
insert into base.table_manifest values ('base', 'planted_row', 'by-user', 'planted');
select results_eq('select pg_temp.random_ids()', array['base.planted_row'], 'an id of another kind is found');
select results_eq('select pg_temp.unlisted()', array['base.planted'], 'a table outside the manifest is found');
select set_eq('select pg_temp.bad_primary_key()', array['base.planted', 'base.planted_row'], 'a wrong key is found');
select results_eq('select pg_temp.crossing()', array['planted_row_other_fkey on base.planted_row'],
                  'a reference across users is found');
select set_eq('select pg_temp.unindexed()',
              array['planted_owner_fkey on base.planted', 'planted_row_other_fkey on base.planted_row'],
              'references without an index are found');
insert into base.table_manifest values ('base', 'planted_many', 'by-user', 'planted');
create table base.planted_many (user_id uuid, id uuid, constraint planted_many_pkey primary key (user_id, id));
select results_eq('select pg_temp.few_rows()', array['base.planted_many'], 'a table of users with few rows is found');
alter table base.planted rename constraint planted_owner_fkey to fk_owner;
create trigger touch before update on base.planted for each row execute function base.tg__touch();
select set_eq('select pg_temp.misnamed()', array['fk_owner on base.planted', 'base.odd', 'touch on base.planted'],
              'wrong names are found');
select set_eq('select pg_temp.bad_types()',
              array['base.planted.id timestamp without time zone', 'base.planted.who character varying(3)'],
              'wrong types are found');
select ok(pg_temp.class_of('auth.users'::regclass) = 'by-user', 'the class of a table is read from the manifest');

select * from finish();
rollback;
