-- How functions are written: attributes, names and bodies, read from the catalog and not from the files.
begin;
set local search_path = tap, pg_catalog;
select plan(21);

create function pg_temp.house() returns setof pg_proc language sql as $$
  select p.* from pg_proc p join pg_namespace n on n.oid = p.pronamespace
   where n.nspowner = 'plinth_owner'::regrole
$$;

create function pg_temp.badly_owned() returns setof text language sql as $$
  select p.oid::regprocedure::text from pg_temp.house() p
   where p.proowner not in ('plinth_owner'::regrole, 'plinth_system'::regrole)
$$;

-- A definer function without pg_temp at the end reads the caller's temporary table in place of ours.
create function pg_temp.loose_path() returns setof text language sql as $$
  select p.oid::regprocedure::text from pg_temp.house() p
   where p.prosecdef
     and not exists (select from unnest(p.proconfig) c where c ~ '^search_path=pg_catalog,( [a-z_]+,)* pg_temp$')
$$;

create function pg_temp.not_definer() returns setof text language sql as $$
  select p.oid::regprocedure::text from pg_temp.house() p
   where p.pronamespace = 'api'::regnamespace and not p.prosecdef
$$;

create function pg_temp.overloaded() returns setof text language sql as $$
  select format('%s.%s', p.pronamespace::regnamespace, p.proname) from pg_temp.house() p
   where p.pronamespace in ('api'::regnamespace, 'core'::regnamespace, 'http'::regnamespace)
   group by p.pronamespace, p.proname having count(*) > 1
$$;

create function pg_temp.badly_named() returns setof text language sql as $$
  select format('%s(%s)', p.oid::regproc, coalesce(a.name, '?'))
    from pg_temp.house() p
   cross join lateral unnest(p.proargnames[:p.pronargs]) with ordinality as a (name, n)
   where p.pronamespace in ('api'::regnamespace, 'core'::regnamespace) and a.name !~ '^p_[a-z0-9_]+$'
  union all
  select p.oid::regproc::text from pg_temp.house() p
   where p.pronargs > 0 and coalesce(cardinality(p.proargnames), 0) < p.pronargs
$$;

-- p_user_id comes first and is a uuid: the layer fills it in, and later a router reads it there.
create function pg_temp.user_not_first() returns setof text language sql as $$
  select p.oid::regprocedure::text from pg_temp.house() p
   where p.pronamespace = 'api'::regnamespace and 'p_user_id' = any (p.proargnames[:p.pronargs])
     and (p.proargnames[1] <> 'p_user_id' or p.proargtypes[0] <> 'uuid'::regtype)
$$;

-- Code without comments and quoted text.
create function pg_temp.code(p pg_proc) returns text language sql as $$
  select regexp_replace(lower(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)), '--[^\n]*|''[^'']*''', '', 'g')
$$;

create function pg_temp.swallows() returns setof text language sql as $$
  select p.oid::regprocedure::text from pg_temp.house() p where pg_temp.code(p) ~ '\mwhen\s+others\M'
$$;

-- Dynamic SQL is looked at by a second pair of eyes and listed here with its reason.
create function pg_temp.dynamic() returns setof text language sql as $$
  select format('%s.%s', p.pronamespace::regnamespace, p.proname) from pg_temp.house() p
   where p.prolang = (select oid from pg_language where lanname = 'plpgsql') and pg_temp.code(p) ~ '\mexecute\M'
   order by 1
$$;

create function pg_temp.says_it_only_reads() returns setof text language sql as $$
  select p.oid::regprocedure::text from pg_temp.house() p
   where p.provolatile <> 'v'
     and pg_temp.code(p) ~ '\m(insert\s+into|delete\s+from|update\s+[a-z_]+\.|merge\s+into|for\s+update|nextval)\M'
$$;

-- A setting for the session would outlive the request and meet the next caller of that connection.
create function pg_temp.lasting() returns setof text language sql as $$
  select p.oid::regprocedure::text from pg_temp.house() p
   where pg_temp.code(p) ~ '\mset_config\s*\([^;]*,\s*false\s*\)|\mset\s+(session\s+)?[a-z_]+\.[a-z_]+\s*(=|to)'
$$;

-- SET hnsw.ef_search on a function fails wherever vector is not loaded yet; set_config in the body does not.
create function pg_temp.sets_more() returns setof text language sql as $$
  select format('%s %s', p.oid::regprocedure, c) from pg_temp.house() p cross join lateral unnest(p.proconfig) c
   where c !~ '^(search_path|check_function_bodies|client_min_messages|plan_cache_mode|max_parallel_workers_per_gather|'
             'enable_(seqscan|indexscan|bitmapscan|sort|incremental_sort))='
$$;

select is_empty('select pg_temp.badly_owned()', 'functions belong to plinth_owner or plinth_system');
select is_empty('select pg_temp.loose_path()', 'definer functions fix their search_path, pg_temp last');
select is_empty('select pg_temp.not_definer()', 'functions of the contract are security definer');
select is_empty('select pg_temp.overloaded()', 'one name is one function');
select is_empty('select pg_temp.badly_named()', 'parameters have names, and in api and core they begin with p_');
select is_empty('select pg_temp.user_not_first()', 'p_user_id is the first parameter');
select is_empty('select pg_temp.swallows()', 'no function catches others');
select is_empty('select pg_temp.says_it_only_reads()', 'a function that writes is marked volatile');
select is_empty(
  $$ select p.oid::regprocedure from pg_temp.house() p
      where p.proisstrict and p.proargnames[1] = 'p_user_id' $$,
  'no user function is strict: a missing user is an error, not an empty answer');
select is_empty(
  $$ select p.oid::regprocedure from pg_temp.house() p join pg_language l on l.oid = p.prolang
      where l.lanname not in ('sql', 'plpgsql') $$,
  'functions are SQL or PL/pgSQL');
select is_empty(
  $$ select g from pg_temp.dynamic() g where g !~ '^deploy\.' and g not in (
       'http.run_job',  -- calls the function of a job by the name the deploy registered
       'core.begin_erasure', 'core.erase_mentions', 'core.erase_rows', 'core.export_lines', 'core.export_rows',
       'ops.catalog_objects',
       'core.make_embedding_partition', 'core.make_embedding_search', 'core.make_nearest_embeddings', 'api.drop_embedding_model',
       -- words of a model, from columns under checks
       'core.plan_statement',  -- EXPLAIN of statements out of our own functions, each text from the catalog
       'core.resource_owner',  -- reads the owner where auth.resource_types says
       'ops.make_partition', 'ops.make_partitions', 'ops.drop_partitions', 'ops.prepare_partition') $$,
  'dynamic SQL only where it was reviewed');
select is_empty('select pg_temp.lasting()', 'no function changes a setting beyond its transaction');
select is_empty('select pg_temp.sets_more()', 'functions fix their search_path and nothing that needs a library');

create table base.planted (id integer);
create function core.planted() returns void language plpgsql set hnsw.ef_search = 40 as $$
begin
  perform set_config('plinth.caller', 'x', false);
end $$;
alter function core.planted() owner to plinth_owner;
select results_eq('select pg_temp.lasting()', array['core.planted()'], 'a setting of the session is found');
select results_eq('select pg_temp.sets_more()', array['core.planted() hnsw.ef_search=40'], 'a fixed setting is found');
create function api.planted(x integer, p_user_id uuid) returns void language plpgsql stable as $$
begin
  insert into base.planted values (1);
  execute 'select 1';
exception when others then
  null;
end $$;
create function api.planted(x integer) returns void language sql security definer set search_path = api as 'select';

select is((select count(*)::integer from pg_temp.loose_path()), 1, 'a loose search_path is found');
select is((select count(*)::integer from pg_temp.badly_owned()), 2, 'a function of another role is found');
select results_eq('select pg_temp.overloaded()', array['api.planted'], 'an overload is found');
select is((select count(*)::integer from pg_temp.badly_named()), 2, 'a parameter without p_ is found');
select results_eq('select pg_temp.user_not_first() union all select pg_temp.swallows()
                   union all select pg_temp.says_it_only_reads() union all select pg_temp.not_definer()',
                  array_fill('api.planted(integer,uuid)'::text, array[4]),
                  'a user named second, a swallowed error, a hidden write and an invoker are found');
select ok('api.planted' in (select pg_temp.dynamic()), 'dynamic SQL is found');

select * from finish();
rollback;
