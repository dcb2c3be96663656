-- Kinds of things that can be shared: each has what grants need of its table, or a right would be missed.
begin;
set local search_path = tap, pg_catalog;
select plan(5);

create function pg_temp.incomplete() returns setof text language sql as $$
  with kind as (
    select t.*, to_regclass(format('%I.%I', t.schema_name, t.table_name)) as rel from auth.resource_types t
  ), missing as (
    select k.name, 'its table' as what from kind k where k.rel is null
    union all
    select k.name, c.name || ', a uuid'
      from kind k cross join lateral (values (k.id_column), (k.owner_column)) c (name)
     where k.rel is not null and not exists (
       select from pg_attribute a where a.attrelid = k.rel and a.attname = c.name and a.atttypid = 'uuid'::regtype)
    union all
    select k.name, 'an index that begins with ' || k.id_column from kind k
     where k.rel is not null and not exists (
       select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
        where i.indrelid = k.rel and i.indisvalid and i.indpred is null and a.attname = k.id_column)
    union all
    select k.name, 'forced row-level security' from kind k join pg_class c on c.oid = k.rel
     where not (c.relrowsecurity and c.relforcerowsecurity)
    union all
    select k.name, format('a policy of %s that asks auth.granted_ids for %s', v.verb, v.permitted)
      from kind k cross join (values ('SELECT', 'read'), ('UPDATE', 'write'), ('DELETE', 'admin')) v (verb, permitted)
     where k.rel is not null and not exists (
       select from pg_policies p
        where p.schemaname = k.schema_name and p.tablename = k.table_name and p.cmd = v.verb
          and 'plinth_owner' = any (p.roles)
          and p.qual ~ format('granted_ids\(''%s''::text, ''%s''::text\)', k.name, v.permitted))
    union all
    select k.name, 'the trigger ' || f.name
      from kind k cross join (values ('tg__end_grants'), ('tg__touch_granted')) f (name)
     where k.rel is not null and not exists (
       select from pg_trigger g join pg_proc p on p.oid = g.tgfoid
        where g.tgrelid = k.rel and p.proname = f.name
          and encode(g.tgargs, 'escape') ~ format('^%s\\000%s\\000', k.name, k.id_column))
  )
  select format('%s lacks %s', m.name, m.what) from missing m order by 1
$$;

select is_empty('select pg_temp.incomplete()', 'every kind of thing has what grants need');

insert into auth.resource_types (name, schema_name, table_name, description) values ('tap_kind', 'auth', 'tap_kinds', 'planted');
select results_eq('select pg_temp.incomplete()', array['tap_kind lacks its table'], 'a kind without a table is found');
create table auth.tap_kinds (user_id uuid, id integer, primary key (user_id, id));
select results_eq('select pg_temp.incomplete()', array[
  'tap_kind lacks a policy of DELETE that asks auth.granted_ids for admin',
  'tap_kind lacks a policy of SELECT that asks auth.granted_ids for read',
  'tap_kind lacks a policy of UPDATE that asks auth.granted_ids for write',
  'tap_kind lacks an index that begins with id',
  'tap_kind lacks forced row-level security',
  'tap_kind lacks id, a uuid',
  'tap_kind lacks the trigger tg__end_grants',
  'tap_kind lacks the trigger tg__touch_granted'], 'so is all else');
drop table auth.tap_kinds;
create table auth.tap_kinds (user_id uuid, id uuid, primary key (user_id, id));
create index tap_kinds_id_idx on auth.tap_kinds (id);
alter table auth.tap_kinds enable row level security;
alter table auth.tap_kinds force row level security;
create policy r on auth.tap_kinds for select to plinth_owner
  using (id = any ((select auth.granted_ids('tap_kind', 'read'))::uuid[]));
create policy w on auth.tap_kinds for update to plinth_owner
  using (id = any ((select auth.granted_ids('tap_kind', 'write'))::uuid[]));
create policy d on auth.tap_kinds for delete to plinth_owner
  using (id = any ((select auth.granted_ids('tap_kind', 'admin'))::uuid[]));
create trigger _200_end_grants after delete on auth.tap_kinds for each row execute function auth.tg__end_grants('tap_kind', 'id');
create trigger _910_touch_granted after update or delete on auth.tap_kinds
  for each row execute function auth.tg__touch_granted('tap_kind', 'id', 'kinds');
select is_empty('select pg_temp.incomplete()', 'one that has everything is not');
drop trigger _200_end_grants on auth.tap_kinds;
create trigger _200_end_grants after delete on auth.tap_kinds for each row execute function auth.tg__end_grants('tap_other', 'id');
select results_eq('select pg_temp.incomplete()', array['tap_kind lacks the trigger tg__end_grants'],
                  'a trigger for another kind is found');

select * from finish();
rollback;
