-- Dependencies point api -> core -> data -> base, never back: what a deploy rebuilds must never carry what is kept.
-- The catalog knows the dependencies of views, constraints, defaults and triggers; of bodies only their text.
begin;
set local search_path = tap, pg_catalog;
select plan(8);

-- The floor a schema is on; a floor may use itself and what is below it.
create function pg_temp.floor_of(p_schema name) returns integer language sql as $$
  select case p_schema when 'ext' then 0 when 'base' then 1 when 'core' then 3 when 'models' then 3 when 'http' then 4
                       when 'api' then 5 when 'compat' then 6 when 'deploy' then 7
           else (select 2 from pg_namespace n where n.nspname = p_schema and n.nspowner = 'plinth_owner'::regrole) end
$$;

-- What is in our schemas, each with its floor; rules, triggers and the like are where their table is.
create function pg_temp.objects() returns table (catalog oid, object oid, floor integer) language sql as $$
  with found (catalog, object, schema) as (
    select 'pg_class'::regclass, oid, relnamespace from pg_class
    union all select 'pg_proc'::regclass, oid, pronamespace from pg_proc
    union all select 'pg_type'::regclass, oid, typnamespace from pg_type
    union all select 'pg_constraint'::regclass, oid, connamespace from pg_constraint
    union all select 'pg_rewrite'::regclass, r.oid, c.relnamespace from pg_rewrite r join pg_class c on c.oid = ev_class
    union all select 'pg_attrdef'::regclass, d.oid, c.relnamespace from pg_attrdef d join pg_class c on c.oid = adrelid
    union all select 'pg_trigger'::regclass, t.oid, c.relnamespace from pg_trigger t join pg_class c on c.oid = tgrelid
    union all select 'pg_policy'::regclass, p.oid, c.relnamespace from pg_policy p join pg_class c on c.oid = polrelid
  )
  select f.catalog, f.object, s.floor
    from (select n.oid, pg_temp.floor_of(n.nspname) as floor from pg_namespace n) s
    join found f on f.schema = s.oid
   where s.floor is not null
$$;

create function pg_temp.upward() returns setof text language sql as $$
  with o as materialized (select * from pg_temp.objects())
  select distinct format('%s -> %s', pg_describe_object(d.classid, d.objid, d.objsubid),
                         pg_describe_object(d.refclassid, d.refobjid, 0))
    from pg_depend d
    join o lower on lower.catalog = d.classid and lower.object = d.objid
    join o upper on upper.catalog = d.refclassid and upper.object = d.refobjid
   where d.deptype = 'n' and upper.floor > lower.floor
$$;

-- Names of schemas in the text of a function, without comments and quoted text.
create function pg_temp.mentions() returns table (function text, schema text, floor integer, mentioned text)
language sql as $$
  select distinct p.oid::regprocedure::text, n.nspname::text, pg_temp.floor_of(n.nspname), m.word[1]
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace and n.nspowner = 'plinth_owner'::regrole
   cross join lateral regexp_matches(
     regexp_replace(lower(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)), '--[^\n]*|''[^'']*''', '', 'g'),
     '\m([a-z_]+)\.[a-z_]', 'g') as m (word)
   where m.word[1] in (select nspname from pg_namespace where nspowner = 'plinth_owner'::regrole)
$$;

create function pg_temp.upward_text() returns setof text language sql as $$
  select format('%s -> %s', m.function, m.mentioned) from pg_temp.mentions() m
   where pg_temp.floor_of(m.mentioned) > m.floor
$$;

-- What is looked at: both ends are made by migrations, so no deploy can break them.
create temp table reviewed (dependency text primary key, reason text not null);
insert into reviewed values
  ('trigger _800_audit on table base.settings -> function ops.tg__audit()', 'the trail has who loosened a protection');

select isnt_empty('select from pg_temp.mentions()', 'bodies are read');
select is_empty('select pg_temp.upward() except select dependency from reviewed', 'no object depends on a floor above it');
select is_empty('select dependency from reviewed except select pg_temp.upward()', 'but for those that were looked at');
select is_empty('select pg_temp.upward_text()', 'no body names a floor above it');
select is_empty(
  $$ select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspowner = 'plinth_owner'::regrole
        and lower(p.prosrc) ~ '\mpublic\.|\mset\s+(local\s+|session\s+)?search_path'
        -- They make functions, each with its own.
        and p.oid::regproc::text not in ('core.make_embedding_search', 'core.make_nearest_embeddings') $$,
  'no body uses the schema public or moves its search_path');

create function core.planted() returns boolean language sql as 'select true';
create table base.planted (ok boolean check (core.planted()));
select isnt_empty('select pg_temp.upward() except select dependency from reviewed', 'a table that uses renewed code is found');
create function base.planted() returns void language plpgsql as 'begin perform core.planted(); end';
select results_eq('select pg_temp.upward_text()', array['base.planted() -> core'], 'a body that reaches up is found');
create or replace function base.planted() returns void language plpgsql as $$
begin
  perform 'api.x';  -- core.planted
end $$;
select is_empty('select pg_temp.upward_text()', 'a comment and a quoted text are none');

select * from finish();
rollback;
