-- Whoever meets an object in psql can ask it what it is: \dn+, \dt+, \d+, \df+ and \dv+ always have an answer.
begin;
set local search_path = tap, pg_catalog;
select plan(8);

create function pg_temp.house() returns setof oid language sql as $$
  select n.oid from pg_namespace n where n.nspowner = 'plinth_owner'::regrole
$$;

create function pg_temp.silent_relations() returns setof text language sql as $$
  select c.oid::regclass::text
    from pg_class c
   where c.relnamespace in (select pg_temp.house()) and c.relkind in ('r', 'p', 'v', 'm')
     and not c.relispartition and obj_description(c.oid, 'pg_class') is null
$$;

create function pg_temp.silent_columns() returns setof text language sql as $$
  select format('%s.%s', c.oid::regclass, a.attname)
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
   where c.relnamespace in (select pg_temp.house()) and c.relnamespace <> 'compat'::regnamespace
     and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
     and col_description(c.oid, a.attnum) is null
$$;

create function pg_temp.silent_functions() returns setof text language sql as $$
  select p.oid::regprocedure::text
    from pg_proc p
   where p.pronamespace in (select pg_temp.house()) and obj_description(p.oid, 'pg_proc') is null
$$;

-- An index of a constraint is explained by its constraint.
create function pg_temp.silent_indexes() returns setof text language sql as $$
  select i.indexrelid::regclass::text
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_class t on t.oid = i.indrelid
   where c.relnamespace in (select pg_temp.house()) and not c.relispartition and not t.relispartition
     and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
     and obj_description(i.indexrelid, 'pg_class') is null
$$;

select is_empty(
  $$ select oid::regnamespace from pg_namespace n where oid in (select pg_temp.house())
      and obj_description(oid, 'pg_namespace') is null $$, 'every schema has a comment');
select is_empty('select pg_temp.silent_relations()', 'every table and view has a comment');
select is_empty('select pg_temp.silent_columns()', 'every column has a comment');
select is_empty('select pg_temp.silent_functions()', 'every function has a comment');
select is_empty('select pg_temp.silent_indexes()', 'every index says what it is for');

create table base.planted (id integer);
create index planted_id_idx on base.planted (id);
create function base.planted() returns void language sql as 'select';
select results_eq('select pg_temp.silent_relations() union all select pg_temp.silent_columns()',
                  array['base.planted', 'base.planted.id'], 'a silent table is found');
select results_eq('select pg_temp.silent_functions()', array['base.planted()'], 'a silent function is found');
select results_eq('select pg_temp.silent_indexes()', array['base.planted_id_idx'], 'a silent index is found');

select * from finish();
rollback;
