-- A user's rows are bound by policies, whoever owns the function that reads them. A new partition has row-level
-- security off, so partitions are counted one by one.
begin;
set local search_path = tap, pg_catalog;
select plan(15);

-- Tables of the classes by-user and by-team, and all their partitions.
create function pg_temp.by_user() returns setof pg_class language sql as $$
  with recursive t as (
    select c.oid from base.table_manifest m
      join pg_class c on c.relname = m.table_name and c.relnamespace = m.schema_name::regnamespace
     where m.class in ('by-user', 'by-team')
    union
    select i.inhrelid from pg_inherits i join t on t.oid = i.inhparent
  )
  select c.* from t join pg_class c using (oid)
$$;

create function pg_temp.unbound() returns setof text language sql as $$
  select t.oid::regclass::text from pg_temp.by_user() t where not (t.relrowsecurity and t.relforcerowsecurity)
$$;

create function pg_temp.house_policies() returns table (name text, text text, roles oid[], cmd "char", tab oid)
language sql as $$
  select format('%s on %s', p.polname, p.polrelid::regclass),
         concat_ws(' / ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)),
         p.polroles, p.polcmd, p.polrelid
    from pg_policy p
    join pg_class c on c.oid = p.polrelid
    join pg_namespace n on n.oid = c.relnamespace
   where n.nspowner = 'plinth_owner'::regrole
$$;

-- Called for each row, the function costs more than the read; as a sub-select it runs once.
create function pg_temp.per_row() returns setof text language sql as $$
  select name from pg_temp.house_policies()
   where regexp_replace(text, '\( ?select (base\.current_user_id|auth\.team_ids|auth\.granted_ids)\([^()]*\) as \w+\)', '', 'gi')
         ~ 'current_user_id\(|current_setting\(|team_ids\(|granted_ids\('
$$;

-- The owner's functions act for one user: on a by-user table no policy of theirs is true for everybody's rows.
create function pg_temp.too_wide() returns setof text language sql as $$
  select p.name from pg_temp.house_policies() p
   where p.tab in (select oid from pg_temp.by_user()) and 'plinth_owner'::regrole = any (p.roles)
     and p.text !~ 'base\.current_user_id\(\)|auth\.(team|granted)_ids\('
$$;

-- A view reads with its owner's rights unless it says otherwise.
create function pg_temp.lending() returns setof text language sql as $$
  select distinct c.oid::regclass::text
    from pg_depend d
    join pg_rewrite r on r.oid = d.objid
    join pg_class c on c.oid = r.ev_class
    join pg_temp.by_user() t on t.oid = d.refobjid
   where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
     and c.relkind = 'v' and c.relowner <> 'plinth_system'::regrole
     and 'security_invoker=true' <> all (coalesce(c.reloptions, '{}'))
$$;

select isnt_empty('select from pg_temp.by_user()', 'there are tables of users');
select is_empty('select pg_temp.unbound()', 'row-level security is enabled and forced on all of them, partitions too');
select is_empty(
  $$ select c.oid::regclass from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspowner = 'plinth_owner'::regrole and c.relrowsecurity <> c.relforcerowsecurity $$,
  'where it is enabled it is forced');
select is_empty(
  $$ select name from pg_temp.house_policies() p
      where not (select relrowsecurity from pg_class where oid = p.tab) $$,
  'no policy lies on a table without row-level security');
select is_empty('select pg_temp.per_row()', 'policies ask for the user once per statement');
select is_empty('select pg_temp.too_wide()', 'no policy shows the owner other users'' rows');
select is_empty(
  $$ select name from pg_temp.house_policies()
      where roles && array[0::oid, 'plinth_web'::regrole, 'plinth_reader'::regrole] $$,
  'every policy names its role; plinth_web and plinth_reader have none');
select is_empty(
  $$ select c.oid::regclass from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspowner = 'plinth_owner'::regrole and c.relrowsecurity
        and not exists (select from pg_temp.house_policies() p
                         where p.tab = c.oid and p.cmd in ('r', '*') and p.text = 'true'
                           and 'plinth_operator'::regrole = any (p.roles)) $$,
  'an operator reads every table under policies, or a backup would be partial');
select is_empty(
  $$ select name from pg_temp.house_policies() where 'plinth_operator'::regrole = any (roles) and cmd <> 'r' $$,
  'and only reads');
select is_empty('select pg_temp.lending()', 'no view of users'' tables lends its rights, but those of plinth_system');

create table base.planted (user_id uuid, at integer, primary key (user_id, at)) partition by range (at);
alter table base.planted enable row level security;
alter table base.planted force row level security;
create table base.planted_1 partition of base.planted for values from (1) to (2);
create policy planted on base.planted to plinth_owner using (user_id = base.current_user_id());
create policy planted_all on base.planted to plinth_owner using (true);
insert into base.table_manifest values ('base', 'planted', 'by-user', 'planted');
create view base.planted_view as select p.at from base.planted p;
select results_eq('select pg_temp.unbound()', array['base.planted_1'], 'a bare partition is found');
select results_eq('select pg_temp.per_row()', array['planted on base.planted'], 'a call per row is found');
select results_eq('select pg_temp.too_wide()', array['planted_all on base.planted'], 'a policy too wide is found');
select results_eq('select pg_temp.lending()', array['base.planted_view'], 'a view that lends its rights is found');

-- And it does bind: plinth_owner itself sees nothing without a caller.
set local role plinth_owner;
select is_empty('select from auth.users', 'the owner without a caller sees no account');
reset role;

select * from finish();
rollback;
