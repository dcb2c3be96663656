-- deploy: the tools of the migration runner. Made anew at every run, so that they always fit the runner that calls
-- them, and never called by anything else. They run with the rights of whoever runs the deploy. The runner reads the
-- files and runs their statements; what is to be done, and what was done, is decided and recorded here.

set local client_min_messages = warning;
drop schema if exists deploy cascade;
create schema deploy authorization plinth_owner;
comment on schema deploy is 'Tools of the migration runner, made anew at every run';
set local role plinth_owner;

------------------------------------------------------------------------------------------------------------------
-- What the files are. The runner hands over each as {path, text, statements, lines}, in the order in which they run;
-- here that becomes a migration {version, name, path, sha256, header, statements, transactional, has_down}, or code
-- {path, sha256, objects, spreads}: spreads is whether it has a view with a *, which means the columns of that moment.
------------------------------------------------------------------------------------------------------------------

create function deploy.header(p_text text)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_object_agg(m[1], btrim(regexp_replace(m[2], '\s*\n--\s*', ' ', 'g'))), '{}')
    from regexp_matches(substring(p_text from '^(?:--[^\n]*\n?)*'),
                        '^-- *(Title|Version|Description|Breaks|Transaction):([^\n]*(?:\n--   [^\n]*)*)', 'gn') m
$$;

comment on function deploy.header(text) is
  'Directives of the leading comment; a line that is indented goes on the one before';

create function deploy.digest(p_text text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select encode(sha256(convert_to(p_text, 'utf8')), 'hex')
$$;

comment on function deploy.digest(text) is 'By which a file is known again';

create function deploy.read_migrations(p_files jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_file   record;
  v_found  jsonb := '[]';
  v_number text[];
begin
  for v_file in
    select f.item, f.item ->> 'path' as path, deploy.header(f.item ->> 'text') as header,
           row_number() over (order by f.position) as n,
           (select deploy.header(d ->> 'text') from jsonb_array_elements(p_files) d
             where d ->> 'path' = replace(f.item ->> 'path', '.sql', '.down.sql')) as down
      from jsonb_array_elements(p_files) with ordinality f (item, position)
     where f.item ->> 'path' like 'db/migrations/%' and f.item ->> 'path' not like '%.down.sql'
     order by f.position
  loop
    v_number := regexp_match(v_file.path, '/V(\d{3,})__[a-z0-9_]+\.sql$');
    if v_number is null or v_number[1]::integer <> v_file.n then
      raise exception '%: expected V%__<what>.sql', v_file.path, lpad(v_file.n::text, greatest(3, length(v_file.n::text)), '0');
    elsif v_file.header ->> 'Version' is distinct from v_number[1] or coalesce(v_file.header ->> 'Title', '') = '' then
      raise exception '%:1: the header needs Title, and Version: %', v_file.path, v_number[1];
    elsif v_file.down ->> 'Transaction' = 'none' then
      raise exception '%: going back is always one transaction', replace(v_file.path, '.sql', '.down.sql');
    end if;
    v_found := v_found || jsonb_build_array(v_file.item - 'text' || jsonb_build_object(
      'version', v_file.n, 'name', regexp_replace(v_file.path, '^.*/|\.sql$', '', 'g'), 'header', v_file.header,
      'sha256', deploy.digest(v_file.item ->> 'text'), 'has_down', v_file.down is not null,
      'transactional', coalesce(v_file.header ->> 'Transaction', '') <> 'none'));
  end loop;
  return v_found;
end
$$;

comment on function deploy.read_migrations(jsonb) is
  'The migrations among these files; refuses names and headers that do not follow';

create function deploy.read_code(p_files jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_line  record;
  v_names text[];
  v_path  text;
  v_owner jsonb := '{}';
  v_code  jsonb := '[]';
  v_file  jsonb;
begin
  for v_file in select f from jsonb_array_elements(p_files) f where f ->> 'path' ~ '^db/(functions|views)/' loop
    v_path := v_file ->> 'path';
    v_names := '{}';
    for v_line in
      select regexp_match(t.text, '^create\s+(?:or\s+replace\s+)?(function|procedure|aggregate|view)\s+'
                                  '((?:api|core|http|compat)\s*\.\s*\w+)', 'i') as part,
             v_file -> 'lines' ->> (t.number - 1)::integer as line
        from jsonb_array_elements_text(v_file -> 'statements') with ordinality t (text, number)
       where t.text ~* '^create\M'
    loop
      if v_line.part is null then
        raise exception '%:%: only functions and views of api, core, http, compat are code; anything else needs a migration',
          v_path, v_line.line;
      end if;
      v_names := v_names || lower(case when lower(v_line.part[1]) = 'view' then 'view ' else 'function ' end
                                  || regexp_replace(v_line.part[2], '\s', '', 'g'));
      if v_owner ->> v_names[cardinality(v_names)] <> v_path then
        raise exception '% is defined in % and %', v_names[cardinality(v_names)],
          v_owner ->> v_names[cardinality(v_names)], v_path;
      end if;
      v_owner := v_owner || jsonb_build_object(v_names[cardinality(v_names)], v_path);
    end loop;
    v_code := v_code || jsonb_build_array(jsonb_build_object(
      'path', v_path, 'sha256', deploy.digest(v_file ->> 'text'), 'objects', array(select distinct n from unnest(v_names) n),
      'spreads', exists (select from jsonb_array_elements_text(v_file -> 'statements') t
                          where t ~* '^create\s+(or\s+replace\s+)?view\M.*(\.|\mselect\s|\mdistinct\s|,)\s*\*')));
  end loop;
  return v_code;
end
$$;

comment on function deploy.read_code(jsonb) is
  'The code among these files, with what it defines, known before it runs; refuses anything else and anything twice';

------------------------------------------------------------------------------------------------------------------
-- Code objects, by the names files know them under: "function api.get_user", "view api.v_errors".
------------------------------------------------------------------------------------------------------------------

-- Two rows of one name: an old signature beside the new one, or one made by hand. Members of extensions are not ours.
-- Asked several times for each file of a deploy: planned once, for few names ("rows 10"), whatever is asked.
create function deploy.code_objects(p_names text[] default null)
returns table (name text, id oid)
language plpgsql
stable
rows 10
set plan_cache_mode = force_generic_plan
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with found (name, catalog, id) as (
    select format('function %s.%s', n.nspname, p.proname), 'pg_proc'::regclass, p.oid
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where p_names is null and n.nspname in ('api', 'core', 'http', 'compat')
    union all
    select format('view %s.%s', n.nspname, c.relname), 'pg_class'::regclass, c.oid
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where p_names is null and n.nspname in ('api', 'core', 'http', 'compat') and c.relkind = 'v'
    union all
    -- Single names by way of the indexes: asked for every file of a deploy.
    select w.name, x.catalog, x.id
      from unnest(p_names) w (name)
     cross join lateral regexp_match(w.name, '^(\w+) (\w+)\.(\w+)$') m (part)
      join pg_namespace n on n.nspname = m.part[2] and n.nspname in ('api', 'core', 'http', 'compat')
     cross join lateral (
       select 'pg_proc'::regclass, p.oid from pg_proc p
        where m.part[1] = 'function' and p.proname = m.part[3] and p.pronamespace = n.oid
       union all
       select 'pg_class'::regclass, c.oid from pg_class c
        where m.part[1] = 'view' and c.relname = m.part[3] and c.relnamespace = n.oid and c.relkind = 'v') x (catalog, id)
  )
  select f.name, f.id
    from found f
   -- "offset 0": one look into the index for each, rather than one at all that depends on anything.
   where not exists (
     select from pg_depend d where d.classid = f.catalog and d.objid = f.id and d.deptype = 'e' offset 0);
end
$$;

comment on function deploy.code_objects(text[]) is 'Functions and views of the code schemas, all or the named ones';

-- CASCADE takes the code that hangs on it along; the runner brings that back from its files. Data must never go along.
create function deploy.drop_code(p_name text, p_keep oid[] default '{}')
returns void
language plpgsql
volatile
set client_min_messages = warning
set search_path = pg_catalog, pg_temp
as $$
declare
  v_catalog regclass := case when p_name like 'view %' then 'pg_class' else 'pg_proc' end;
  v_id      oid;
  v_data    text;
begin
  for v_id in select o.id from deploy.code_objects(array[p_name]) o where o.id <> all (p_keep) loop
    -- What depends on it, and what that is a part of: a rule leads to its view, a row type to its relation.
    with recursive taken (classid, objid) as (
      select v_catalog::oid, v_id
      union
      select x.classid, x.objid
        from taken t
       cross join lateral (
         select d.classid, d.objid from pg_depend d
          where d.refclassid = t.classid and d.refobjid = t.objid
         union all
         select d.refclassid, d.refobjid from pg_depend d
          where d.classid = t.classid and d.objid = t.objid and d.deptype = 'i') x
    )
    select string_agg(distinct pg_describe_object(t.classid, t.objid, 0), ', ')
      into v_data
      from taken t cross join lateral pg_identify_object(t.classid, t.objid, 0) i
     where i.schema not in ('api', 'core', 'http', 'compat')
        or t.classid in ('pg_trigger'::regclass, 'pg_policy'::regclass, 'pg_attrdef'::regclass);

    if v_data is not null then
      raise exception '% cannot be dropped: data depends on it', p_name
        using errcode = 'dependent_objects_still_exist', detail = v_data;
    elsif v_catalog = 'pg_class'::regclass then
      execute format('drop view %s cascade', v_id::regclass);
    else
      execute format('drop routine %s cascade', v_id::regprocedure);
    end if;
  end loop;
end
$$;

comment on function deploy.drop_code(text, oid[]) is
  'Drops a code object, except the named signatures, with all code that hangs on it';

create function deploy.drop_broken(p_text text)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select deploy.drop_code(k || m[1])
    from regexp_matches(lower(deploy.header(p_text) ->> 'Breaks'), '\w+\.\w+', 'g') m,
         unnest(array['function ', 'view ']) k
$$;

comment on function deploy.drop_broken(text) is 'Drops the code that the file of a migration says it breaks';

create function deploy.reset_code(p_name text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_object record;
  v_role   oid;
  v_column text;
begin
  for v_object in
    select o.id, case when p.oid is null then 'view' else 'routine' end as kind,
           case when p.oid is null then 'table' else 'routine' end as grants,
           coalesce(p.oid::regprocedure::text, c.oid::regclass::text) as name,
           coalesce(p.proowner, c.relowner) as owner, coalesce(p.proacl, c.relacl) as acl
      from deploy.code_objects(array[p_name]) o
      left join pg_proc p on p.oid = o.id and p_name like 'function %'
      left join pg_class c on c.oid = o.id and p_name like 'view %'
  loop
    if v_object.owner <> 'plinth_owner'::regrole then
      execute format('alter %s %s owner to plinth_owner', v_object.kind, v_object.name);
    end if;
    -- plinth_owner has what it has as the owner, also where it was granted that before. What is revoked from the view
    -- is revoked from its columns.
    for v_role in
      select a.grantee from aclexplode(v_object.acl) a where a.grantee not in (v_object.owner, 'plinth_owner'::regrole)
      union
      select a.grantee
        from pg_attribute c cross join lateral aclexplode(c.attacl) a
       where v_object.kind = 'view' and c.attrelid = v_object.id
    loop
      execute format('revoke all on %s %s from %s cascade', v_object.grants, v_object.name,
                     case when v_role = 0 then 'public' else v_role::regrole::text end);
    end loop;
    execute format('comment on %s %s is null', v_object.kind, v_object.name);
    for v_column in
      select c.attname from pg_attribute c
       where v_object.kind = 'view' and c.attrelid = v_object.id and col_description(c.attrelid, c.attnum) is not null
    loop
      execute format('comment on column %s.%I is null', v_object.name, v_column);
    end loop;
  end loop;
end
$$;

comment on function deploy.reset_code(text) is
  'Back to how CREATE leaves it, so that OR REPLACE and a fresh CREATE end alike: of plinth_owner, no grants, no comments';

-- Bodies are not checked while files load, because they may name what comes later. PostgreSQL tells the place of an
-- error inside the body, by which the runner finds the file.
create function deploy.check_bodies()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set check_function_bodies = on
as $$
declare
  v_function record;
begin
  for v_function in
    select p.oid as id, l.lanname as language,
           coalesce((select substr(c, 13) from unnest(p.proconfig) c where c like 'search_path=%'),
                    'pg_catalog, pg_temp') as path
      from deploy.code_objects() o
      join pg_proc p on p.oid = o.id and p.prokind <> 'a' and o.name like 'function %'
      join pg_language l on l.oid = p.prolang
  loop
    perform set_config('search_path', v_function.path, true);
    if v_function.language = 'plpgsql' then
      perform pg_catalog.plpgsql_validator(v_function.id);
    elsif v_function.language = 'sql' then
      perform pg_catalog.fmgr_sql_validator(v_function.id);
    end if;
  end loop;
end
$$;

comment on function deploy.check_bodies() is 'Syntax of every body of code, and every name in those of SQL functions';

create function deploy.views_on(p_names text[])
returns oid[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive standing (id) as (
    select o.id from deploy.code_objects(p_names) o where o.name like 'view %'
    union
    select r.ev_class
      from standing s
      join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = s.id
      join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
  )
  select array_agg(c.oid order by c.oid desc) from standing s join pg_class c on c.oid = s.id and c.relkind = 'v'
$$;

comment on function deploy.views_on(text[]) is 'The named views and those that stand on them';

create function deploy.forget_files(p_paths text[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from http.routes r where r.file = any (p_paths);
  delete from http.unrouted u where u.file = any (p_paths);
  delete from http.jobs j where j.file = any (p_paths);
  delete from ops.code_files f where f.path = any (p_paths);
end
$$;

comment on function deploy.forget_files(text[]) is 'Takes back what these files registered';

------------------------------------------------------------------------------------------------------------------
-- The renewal of code, file by file.
------------------------------------------------------------------------------------------------------------------

create function deploy.is_outgrown(p_names text[], p_since timestamptz)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from ops.schema_migrations m where m.transactional and m.applied_at > p_since)
      or exists (
        select from ops.code_files f join deploy.code_objects(p_names) o on o.id = any (deploy.views_on(f.objects))
         where f.kind = 'view' and f.deployed_at > p_since and not f.objects && p_names);
end
$$;

comment on function deploy.is_outgrown(text[], timestamptz) is
  'Whether tables or views below these views may have other columns than they had then';

create function deploy.stale_files(p_code jsonb, p_whole boolean)
returns setof text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    with present as materialized (select array_agg(o.name) as names from deploy.code_objects() o)
    select f.item ->> 'path'
      from present p, jsonb_array_elements(p_code) with ordinality f (item, position)
      left join ops.code_files c on c.path = f.item ->> 'path'
     where (p_whole and c.sha256 is distinct from f.item ->> 'sha256')
        or (p_whole and (f.item -> 'spreads')::boolean and deploy.is_outgrown(c.objects, c.deployed_at))
        or ((p_whole or c.path is not null)
            and exists (select from jsonb_array_elements_text(f.item -> 'objects') o where o <> all (p.names)))
     order by f.position;
end
$$;

comment on function deploy.stale_files(jsonb, boolean) is
  'Files to run: those with an object that has vanished and, when asked for the whole, those that are new or changed';

-- A file counts as changed, too, when somebody changed what it made, or when http.expose, which makes its routes, did.
create function deploy.mark_stale(p_code jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_damaged text[] := array(
    select split_part(regexp_replace(d.object, '^column (.*)\."?\w+"?$', 'view \1'), '(', 1)
      from deploy.drift(deploy.snapshot()) d);
begin
  update ops.code_files c set sha256 = repeat('0', 64)
   where c.objects && v_damaged
      or (c.path in (select r.file from http.routes r)
          and exists (select from deploy.stale_files(p_code, true) s, jsonb_array_elements(p_code) f
                       where f ->> 'path' = s and f -> 'objects' ? 'function http.expose'));
end
$$;

comment on function deploy.mark_stale(jsonb) is 'Makes files count as changed whose text is not';

create function deploy.files_gone(p_code jsonb)
returns setof text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select c.path from ops.code_files c
     where c.path not in (select f ->> 'path' from jsonb_array_elements(p_code) f)
     order by 1;
end
$$;

comment on function deploy.files_gone(jsonb) is 'Files that are deployed, but do not exist any more';

create function deploy.drop_gone(p_code jsonb)
returns setof text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_gone text[] := array(select deploy.files_gone(p_code));
begin
  -- Also what the files to come registered: a route may move from one to the other, whichever runs first.
  perform deploy.forget_files(v_gone || array(select deploy.stale_files(p_code, true)));
  perform deploy.drop_code(o.name)
     from (select c.name from deploy.code_objects() c
           except
           select jsonb_array_elements_text(f -> 'objects') from jsonb_array_elements(p_code) f
            order by 1) o;
  return query select unnest(v_gone);
end
$$;

comment on function deploy.drop_gone(jsonb) is
  'Drops code without a file, takes back what was registered by files that go or run, and names those that are gone';

create function deploy.begin_file(p_file jsonb, p_anew boolean)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names    text[] := array(select jsonb_array_elements_text(p_file -> 'objects'));
  v_replaced oid[] := array(select o.id from deploy.code_objects(v_names) o);
begin
  if v_replaced <> '{}' then
    perform deploy.drop_code(d.name)
       from (select o.name from deploy.code_objects(v_names) o group by o.name having p_anew or count(*) > 1) d;
    perform deploy.reset_code(n) from unnest(v_names) n;
    v_replaced := array(select o.id from deploy.code_objects(v_names) o);
  end if;
  perform deploy.forget_files(array[p_file ->> 'path']);
  perform set_config('plinth.file', p_file ->> 'path', true),
          set_config('plinth.replaced', v_replaced::text, true),
          set_config('role', 'plinth_owner', true);
end
$$;

comment on function deploy.begin_file(jsonb, boolean) is
  'Clears the way for a file of code, which then runs as plinth_owner; anew: it cannot replace its objects in place';

create function deploy.end_file(p_file jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_replaced oid[] := current_setting('plinth.replaced')::oid[];
  v_names    text[] := array(select jsonb_array_elements_text(p_file -> 'objects'));
  v_object   record;
begin
  perform set_config('role', 'none', true);
  for v_object in
    select o.name, array_agg(o.id) filter (where o.id <> all (v_replaced)) as made
      from deploy.code_objects(v_names) o group by o.name having count(*) > 1
  loop
    if cardinality(v_object.made) > 1 then
      raise exception '% defines % twice: there are no overloads', p_file ->> 'path', v_object.name;
    end if;
    perform deploy.drop_code(v_object.name, v_object.made);  -- the old signature
  end loop;

  insert into ops.code_files (path, kind, sha256, objects)
  values (p_file ->> 'path', case when p_file ->> 'path' like 'db/views/%' then 'view' else 'function' end,
          p_file ->> 'sha256', v_names);
end
$$;

comment on function deploy.end_file(jsonb) is 'Drops the signatures a file has replaced, and records it';

------------------------------------------------------------------------------------------------------------------
-- Forced row-level security. The owner is bound by its own policies: with them in force a backfill would change no row
-- and a new foreign key would be validated against no row, both without a word.
------------------------------------------------------------------------------------------------------------------

create function deploy.forced_tables()
returns oid[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(c.oid order by c.oid), '{}') from pg_class c
   where c.relforcerowsecurity and c.relowner = 'plinth_owner'::regrole and c.relkind in ('r', 'p')
$$;

comment on function deploy.forced_tables() is 'Tables that bind their owner, too';

create function deploy.force_tables(p_tables oid[], p_force boolean)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_table regclass;
begin
  for v_table in select c.oid from pg_class c where c.oid = any (p_tables) order by 1 loop
    execute format('alter table %s %s row level security', v_table, case when p_force then 'force' else 'no force' end);
  end loop;
end
$$;

comment on function deploy.force_tables(oid[], boolean) is
  'Binds the owner of those of these tables that (still) exist, or frees it';

create function deploy.named_in(p_text text)
returns oid[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(distinct to_regclass(m[1])::oid) from regexp_matches(lower(p_text), '\w+\.\w+', 'g') m
$$;

comment on function deploy.named_in(text) is 'Tables, views and indexes that a text names with their schema';

-- Callers hold several tables and views at a time, in an order nobody knows. A deploy that takes its locks in another
-- order meets them in a deadlock, gives way, and under load does so again and again. So it takes all of them at the
-- start, and what it could not get is what it begins with the next time: nothing is held while it waits for that one,
-- and it gets the rest from callers who are past it. An ALTER that changes nothing locks a view alone, where LOCK
-- would go on to its tables.
create function deploy.lock_relations(p_relations oid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_order    oid[] := p_relations;
  v_one      oid;
  v_relation record;
begin
  for v_attempt in 1 .. 200 loop
    begin
      foreach v_one in array coalesce(v_order, '{}') loop
        perform set_config('lock_timeout', case when v_one = v_order[1] then '1s' else '100ms' end, true);
        select c.oid::regclass as name, c.relkind as kind, c.relowner::regrole as owner
          into v_relation from pg_class c where c.oid = v_one;
        if v_relation.kind = 'v' then
          execute format('alter view %s owner to %s', v_relation.name, v_relation.owner);
        elsif found then
          execute format('lock table only %s in access exclusive mode', v_relation.name);
        end if;
      end loop;
      perform set_config('lock_timeout', '1s', true);
      return;
    exception
      when deadlock_detected or lock_not_available then
        if v_one = v_order[1] or v_attempt = 200 then
          raise;
        end if;
        v_order := v_one || array_remove(v_order, v_one);
    end;
  end loop;
end
$$;

comment on function deploy.lock_relations(oid[]) is
  'Locks these tables and views against everybody, in whatever order succeeds';

-- Opening takes a lock on the table, so only those are opened that the text names; or all, when asked, or when triggers
-- may lead to others.
create function deploy.tables_to_open(p_text text, p_all boolean)
returns oid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_forced oid[] := deploy.forced_tables();
  v_words  oid[] := deploy.named_in(p_text);
  v_named  oid[] := array(select t from unnest(v_forced) t where t = any (v_words));
begin
  if p_text ~* '\mvalidate\M' then  -- the other end of the foreign key is not named
    v_named := v_named || array(select k.confrelid from pg_constraint k
                                 where k.contype = 'f' and k.conrelid = any (v_words) and k.confrelid = any (v_forced));
  end if;

  if p_all or (p_text ~* '\m(insert|update|delete|merge|copy|do|call)\M'
               and exists (select from pg_trigger t where not t.tgisinternal and t.tgrelid = any (v_named)))
  then
    return v_forced;
  end if;
  return v_named;
end
$$;

comment on function deploy.tables_to_open(text, boolean) is 'Which forced tables a file needs open';

create function deploy.prepare(p_code jsonb, p_texts text[], p_all boolean)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_views text[];
begin
  if to_regclass('ops.code_files') is null then
    return;  -- the first deploy of all meets nobody
  end if;

  perform deploy.mark_stale(p_code);
  v_views := array(
    select 'view ' || m[1]
      from unnest(p_texts) t, regexp_matches(lower(deploy.header(t) ->> 'Breaks'), '\w+\.\w+', 'g') m
    union
    select jsonb_array_elements_text(f -> 'objects') from jsonb_array_elements(p_code) f
     where f ->> 'path' in (select deploy.stale_files(p_code, true))
        or ((f -> 'spreads')::boolean and p_texts <> '{}'));
  perform deploy.lock_relations(deploy.views_on(v_views) || deploy.tables_to_open(array_to_string(p_texts, E'\n'), p_all));
end
$$;

comment on function deploy.prepare(jsonb, text[], boolean) is
  'Takes the locks a deploy will need, before it does anything';

-- row_security = off turns what was overlooked into an error instead of a silent nothing; the runner then asks for all.
create function deploy.open_tables(p_text text, p_all boolean)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_forced oid[] := deploy.forced_tables();
  v_open   oid[] := deploy.tables_to_open(p_text, p_all);
begin
  if v_open <> v_forced then
    perform set_config('row_security', 'off', true);
  end if;

  perform set_config('plinth.forced', v_forced::text, true);
  perform set_config('plinth.opened', v_open::text, true);
  perform deploy.lock_relations(v_open);
  perform deploy.force_tables(v_open, false);
end
$$;

comment on function deploy.open_tables(text, boolean) is
  'Lets the owner past the policies of the tables a file names, until close_tables';

create function deploy.open_new_tables()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_known oid[] := current_setting('plinth.forced')::oid[];
  v_new   oid[] := array(select t from unnest(deploy.forced_tables()) t where t <> all (v_known));
begin
  perform set_config('plinth.forced', (v_known || v_new)::text, true);
  perform set_config('plinth.opened', (current_setting('plinth.opened')::oid[] || v_new)::text, true);
  perform deploy.force_tables(v_new, false);
end
$$;

comment on function deploy.open_new_tables() is 'The same for tables the file itself has just forced';

create function deploy.close_tables()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_freed text;
begin
  perform set_config('row_security', 'on', true);
  perform deploy.force_tables(current_setting('plinth.opened')::oid[], true);

  -- Tables that are forced by now, and were not before, such as new partitions, are as they should be.
  select string_agg(c.oid::regclass::text, ', ') into v_freed
    from pg_class c
   where c.oid = any (current_setting('plinth.forced')::oid[]) and c.oid <> all (deploy.forced_tables());
  if v_freed is not null then
    raise exception 'row-level security is no longer forced on %', v_freed;
  end if;
end
$$;

comment on function deploy.close_tables() is 'Binds the owner again, and asserts that no table is left open';

------------------------------------------------------------------------------------------------------------------
-- Seeds.
------------------------------------------------------------------------------------------------------------------

create function deploy.tables_filled(p_text text)
returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(distinct m[1] order by m[1]) from regexp_matches(lower(p_text), '\minsert\s+into\s+(\w+\.\w+)', 'g') m
$$;

comment on function deploy.tables_filled(text) is 'Tables that the seeds fill';

create function deploy.clear_tables(p_seeds text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set client_min_messages = warning
as $$
declare
  v_tables text := (
    select string_agg(format('%I.%I', m.schema_name, m.table_name), ', ')
      from base.table_manifest m
     where m.class in ('by-user', 'directory') and m.schema_name || '.' || m.table_name = any (deploy.tables_filled(p_seeds)));
begin
  if v_tables is not null then
    execute format('truncate %s cascade', v_tables);
    perform http.announce_deploy();  -- TRUNCATE touches no cache tag: every cached answer becomes void instead
  end if;
end
$$;

comment on function deploy.clear_tables(text) is
  'Empties those of the tables these seeds fill that hold people''s data, and all that refers to them';

create function deploy.count_rows(p_seeds text)
returns table (table_name text, row_count bigint)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  foreach table_name in array coalesce(deploy.tables_filled(p_seeds), '{}') loop
    execute format('select count(*) from %s', table_name::regclass) into row_count;
    return next;
  end loop;
end
$$;

comment on function deploy.count_rows(text) is 'How many rows each table has that these seeds fill';

------------------------------------------------------------------------------------------------------------------
-- Steps outside a transaction.
------------------------------------------------------------------------------------------------------------------

-- A run may have ended behind a step, before the record of it was written: such a step is found done.
create function deploy.look_at_step(p_text text, p_resumed boolean)
returns table (alone boolean, done boolean, half_built text[])
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  -- [1] the index, [2] its table; no schema in front of an index that is made.
  v_made    text[] := regexp_match(
    p_text, '^create\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?(\w+)\s+on\s+([\w.]+)', 'i');
  v_dropped text[] := regexp_match(p_text, '^drop\s+index\s+concurrently\s+(?:if\s+exists\s+)?([\w.]+)', 'i');
begin
  -- What PostgreSQL refuses inside a transaction.
  alone := p_text ~* '\mconcurrently\M|^(vacuum|reindex|alter\s+system|(create|drop)\s+database)\M';
  select coalesce(bool_or(i.indisvalid), false) and p_resumed,
         coalesce(array_agg(i.indexrelid::regclass::text) filter (where not i.indisvalid), '{}')
    into done, half_built
    from pg_index i join pg_class c on c.oid = i.indexrelid
   where (c.relname = lower(v_made[1]) and i.indrelid = to_regclass(v_made[2]))
      or (not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$' and c.relowner = 'plinth_owner'::regrole);
  done := done or (p_resumed and v_dropped is not null and to_regclass(v_dropped[1]) is null);
  return next;
end
$$;

comment on function deploy.look_at_step(text, boolean) is
  'Whether a statement runs outside a transaction, was done by a run that ended there, and what that left half built';

create function deploy.digest(p_migration jsonb, p_count integer)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select deploy.digest(coalesce(string_agg(s.text, E'\n;\n' order by s.number), ''))
    from jsonb_array_elements_text(p_migration -> 'statements') with ordinality s (text, number)
   where s.number <= p_count
$$;

comment on function deploy.digest(jsonb, integer) is 'Digest of the first statements of a file';

create function deploy.record_step(p_migration jsonb, p_done integer, p_ms integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_header   jsonb := p_migration -> 'header';
  v_whole    boolean := p_done >= jsonb_array_length(p_migration -> 'statements');
  v_status   text := case when v_whole then 'applied' else 'running' end;
  v_checksum text := case when v_whole then p_migration ->> 'sha256' else deploy.digest(p_migration, p_done) end;
begin
  update ops.schema_migrations m
     set status = v_status, statements_done = p_done, checksum = v_checksum, applied_at = clock_timestamp(),
         execution_ms = m.execution_ms + p_ms
   where m.version = (p_migration ->> 'version')::integer;
  if not found then
    insert into ops.schema_migrations (version, name, title, description, checksum, transactional, status,
                                       statements_done, execution_ms)
    values ((p_migration ->> 'version')::integer, p_migration ->> 'name', v_header ->> 'Title',
            coalesce(v_header ->> 'Description', ''), v_checksum, (p_migration -> 'transactional')::boolean,
            v_status, p_done, p_ms);
  end if;
end
$$;

comment on function deploy.record_step(jsonb, integer, integer) is
  'Records how many statements of a migration are done; with the last one it is applied';

create function deploy.resume(p_migration jsonb)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_known record;
begin
  select m.statements_done, m.checksum into v_known
    from ops.schema_migrations m
   where m.version = (p_migration ->> 'version')::integer;
  if v_known.checksum <> deploy.digest(p_migration, v_known.statements_done) then
    raise exception '%: its first % statements are done: do not edit', p_migration ->> 'path', v_known.statements_done;
  end if;

  perform deploy.record_step(p_migration, coalesce(v_known.statements_done, 0), 0);
  return v_known.statements_done;
end
$$;

comment on function deploy.resume(jsonb) is
  'How many statements an earlier run did; NULL when this is the first run of the file';

create function deploy.record_back(p_version integer, p_ms integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('plinth.execution_ms', p_ms::text, true);
  delete from ops.schema_migrations m where m.version = p_version;
end
$$;

comment on function deploy.record_back(integer, integer) is 'Records that a migration was rolled back';

------------------------------------------------------------------------------------------------------------------
-- Who is in the way.
------------------------------------------------------------------------------------------------------------------

create function deploy.lock_holder(p_text text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    (select format('%s is locked by pid %s (%s, %s, for %s s): %s', l.relation::regclass, a.pid, a.usename, a.state,
                   extract(epoch from clock_timestamp() - a.xact_start)::integer,
                   left(regexp_replace(a.query, '\s+', ' ', 'g'), 120))
       from pg_stat_activity a
       join pg_locks l on l.pid = a.pid and l.granted and l.relation >= 16384
      where a.pid <> pg_backend_pid() and a.datname = current_database()
      order by coalesce(l.relation = any (deploy.named_in(p_text)), false) desc, a.xact_start
      limit 1),
    'it is free by now')
$$;

comment on function deploy.lock_holder(text) is
  'The oldest transaction that holds a lock, best on a table the text names';

------------------------------------------------------------------------------------------------------------------
-- The catalog, object by object.
------------------------------------------------------------------------------------------------------------------

-- Whatever lies in a schema of plinth_owner. Partitions are left out: maintenance makes and drops them; so are the
-- functions of models, which come and go with embedding models.
-- The fixed search path makes PostgreSQL write every name in full, whoever asks.
-- What a restored backup or another major version tells otherwise is no difference: parentheses around AND and OR,
-- which the pretty form leaves out; keys of partitions, which are numbered anew; MAINTAIN (m) of an owner, from 17 on.
create function deploy.catalog()
returns table (object text, definition text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with spaces as (
    select n.oid, n.nspname, n.nspacl from pg_namespace n
     where n.nspowner = 'plinth_owner'::regrole and n.nspname <> 'deploy'
  ),
  relations as (
    -- Rights that were never changed are none in the catalog, and mean those of the owner.
    select c.oid, c.relname, c.relowner, c.relkind, c.relpersistence, c.reloptions, c.relpartbound,
           c.relrowsecurity, c.relforcerowsecurity, format('%I.%I', s.nspname, c.relname) as name,
           coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner)) as relacl
      from pg_class c join spaces s on s.oid = c.relnamespace
     where not c.relispartition
  ),
  objects (object, oid, catalog, acl, definition) as (
    select 'schema ' || quote_ident(s.nspname), s.oid, 'pg_namespace', s.nspacl, ''
      from spaces s
    union all
    select format('%s %s', case r.relkind when 'v' then 'view' when 'S' then 'sequence' when 'm' then 'materialized view'
                                          when 'c' then 'type' when 'f' then 'foreign table' else 'table' end, r.name),
           r.oid, 'pg_class', r.relacl,
           concat_ws(' ', r.relkind, r.relowner::regrole, r.relpersistence, r.relrowsecurity, r.relforcerowsecurity,
                     r.reloptions, pg_get_partkeydef(r.oid), q.*,
                     case when r.relkind in ('v', 'm') then pg_get_viewdef(r.oid, true) end)
      from relations r
      left join lateral (
        select format_type(q.seqtypid, null), q.seqstart, q.seqincrement, q.seqmax, q.seqmin, q.seqcycle
          from pg_sequence q where q.seqrelid = r.oid) q on true
     where r.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')
    union all
    select format('index %s', r.name), r.oid, 'pg_class', null,
           concat_ws(' ', pg_get_indexdef(r.oid, 0, true), 'valid', i.indisvalid)
      from relations r join pg_index i on i.indexrelid = r.oid join relations t on t.oid = i.indrelid
    union all
    select format('column %s.%I', r.name, a.attname), null, null, a.attacl,
           concat_ws(' ', row_number() over (partition by r.oid order by a.attnum),
                     format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
                     a.attcollation::regcollation, a.attstorage, pg_get_expr(d.adbin, d.adrelid, true),
                     col_description(r.oid, a.attnum))
      from relations r
      join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
     where r.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
    union all
    -- NOT NULL is told with the column: only PostgreSQL 18 lists it as a constraint.
    select format('constraint %s.%I', coalesce(r.name, k.contypid::regtype::text), k.conname), k.oid, 'pg_constraint', null,
           concat_ws(' ', pg_get_constraintdef(k.oid, true), 'valid', k.convalidated)
      from pg_constraint k
      left join relations r on r.oid = k.conrelid
     where k.contype not in ('n', 't') and k.conparentid = 0
       and (r.oid is not null or (k.contypid <> 0 and k.connamespace in (select s.oid from spaces s)))
    union all
    select format('policy %s.%I', r.name, p.polname), p.oid, 'pg_policy', null,
           concat_ws(' ', p.polcmd, p.polpermissive, p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid, true),
                     'check', pg_get_expr(p.polwithcheck, p.polrelid, true))
      from relations r join pg_policy p on p.polrelid = r.oid
    union all
    select format('trigger %s.%I', r.name, t.tgname), t.oid, 'pg_trigger', null,
           concat_ws(' ', pg_get_triggerdef(t.oid, true), t.tgenabled)
      from relations r join pg_trigger t on t.tgrelid = r.oid
     where not t.tgisinternal
    union all
    select format('statistics %I.%I', s.nspname, x.stxname), x.oid, 'pg_statistic_ext', null,
           pg_get_statisticsobjdef(x.oid)
      from pg_statistic_ext x join spaces s on s.oid = x.stxnamespace
    union all
    select format('type %I.%I', s.nspname, t.typname), t.oid, 'pg_type', t.typacl,
           concat_ws(' ', t.typtype, t.typowner::regrole, format_type(nullif(t.typbasetype, 0), t.typtypmod), t.typnotnull,
                     t.typdefault)
      from pg_type t join spaces s on s.oid = t.typnamespace
     where t.typtype in ('d', 'e', 'r')
    union all
    select format('function %s', p.oid::regprocedure), p.oid, 'pg_proc', p.proacl,
           concat_ws(' ', p.proowner::regrole, p.prokind,
                     case when p.prokind <> 'a' then pg_get_functiondef(p.oid) end)
      from pg_proc p join spaces s on s.oid = p.pronamespace and s.nspname <> 'models'
    union all
    select format('default rights of %s on %s', d.defaclrole::regrole, d.defaclobjtype), null, null, d.defaclacl, ''
      from pg_default_acl d
     where d.defaclrole in ('plinth_owner'::regrole, 'plinth_system'::regrole) and d.defaclnamespace = 0
  )
  select o.object,
         concat_ws(E'\n', o.definition,
           (select string_agg(r.may, ' ' order by r.may)
              from unnest(o.acl) a, lateral (select regexp_replace(a::text, '^(.+)=(\w*)m/\1$', '\1=\2/\1') as may) r),
           obj_description(o.oid, o.catalog))
    from objects o
$$;

comment on function deploy.catalog() is 'Every object of this database with its definition, owner, rights and comment';

create function deploy.snapshot()
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_object_agg(c.object, md5(c.definition)), '{}') from deploy.catalog() c
$$;

comment on function deploy.snapshot() is 'Every object of this database with a digest of its definition';

create function deploy.drift(p_now jsonb)
returns table (object text, what text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select coalesce(n.key, f.object),
           case when n.key is null then 'is missing'
                when f.object is null then 'was added by hand'
                else 'was changed by hand' end
      from jsonb_each_text(p_now) n
      full join ops.catalog_fingerprint f on f.object = n.key
     where n.value is distinct from f.fingerprint
     order by 1;
end
$$;

comment on function deploy.drift(jsonb) is 'Objects that are not as the last deploy that touched them left them';

-- Only what this deploy changed: drift that was there before stays visible.
create function deploy.record(p_before jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_after jsonb := deploy.snapshot();
begin
  if not exists (select from ops.catalog_fingerprint) then
    p_before := '{}';  -- the first deploy of all: everything is its work, whatever an interrupted one left
  end if;

  delete from ops.catalog_fingerprint f
   where f.object in (select b.key from jsonb_each_text(p_before) b where v_after ->> b.key is distinct from b.value);
  insert into ops.catalog_fingerprint (object, fingerprint)
  select a.key, a.value from jsonb_each_text(v_after) a where p_before ->> a.key is distinct from a.value
  on conflict on constraint catalog_fingerprint_pkey
  do update set fingerprint = excluded.fingerprint, recorded_at = clock_timestamp();
  return v_after;
end
$$;

comment on function deploy.record(jsonb) is
  'Remembers what every object looks like that is not as it was before the deploy, and returns what all look like';

create function deploy.finish(p_before jsonb, p_changed boolean)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_changed and to_regprocedure('http.announce_deploy()') is not null then
    perform http.announce_deploy();
  end if;

  return deploy.record(p_before);
end
$$;

comment on function deploy.finish(jsonb, boolean) is
  'Tells the layers, remembers what was made, and returns what it left';

------------------------------------------------------------------------------------------------------------------
-- Files and records beside each other.
------------------------------------------------------------------------------------------------------------------

create function deploy.migrations(p_migrations jsonb)
returns table (version integer, name text, path text, has_down boolean, state text, statements_done integer,
               applied_at timestamptz, execution_ms integer)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
    select version, coalesce(f.name, m.name), f.path, f.has_down,
           case when m.version is null then 'pending'
                when f.version is null then 'missing'
                when m.status = 'running' then 'stopped'
                when m.checksum <> f.sha256 then 'edited'
                else 'applied' end,
           m.statements_done, m.applied_at, m.execution_ms
      from jsonb_to_recordset(p_migrations) f (version integer, name text, path text, sha256 text, has_down boolean)
      full join ops.schema_migrations m using (version)
     order by version;
end
$$;

comment on function deploy.migrations(jsonb) is 'Every migration of the files and of the database';

create function deploy.differences(p_migrations jsonb)
returns setof text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select case when m.state = 'missing' then m.name || ' is applied, but these files are older and do not have it'
              else m.path || ' was edited after it was applied: put it back and write the change as a new migration'
                   || case when m.version = 1 then ' (a regenerated baseline needs a new database)' else '' end end
    from deploy.migrations(p_migrations) m
   where m.state in ('missing', 'edited')
$$;

comment on function deploy.differences(jsonb) is 'Why these files cannot be deployed to this database, one line each';

create function deploy.last_migration(p_migrations jsonb, p_status text[])
returns integer
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_wrong text;
begin
  if to_regclass('ops.schema_migrations') is null then
    return 0;
  end if;

  select string_agg(d, E'\n') into v_wrong from deploy.differences(p_migrations) d;
  if v_wrong is not null then
    raise exception '%', v_wrong;
  end if;
  return (select coalesce(max(m.version), 0) from ops.schema_migrations m where m.status = any (p_status));
end
$$;

comment on function deploy.last_migration(jsonb, text[]) is
  'The last version of that status, 0 for none; refuses where files and database disagree';

create function deploy.way_back(p_migrations jsonb, p_to integer)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last integer := deploy.last_migration(p_migrations, array['applied', 'running']);
  v_way  jsonb := '[]';
  v_step jsonb;
begin
  for v_step in
    select m from jsonb_array_elements(p_migrations) m
     where (m -> 'version')::integer between coalesce(p_to, v_last - 1) + 1 and v_last
     order by (m -> 'version')::integer desc
  loop
    if (v_step -> 'version')::integer = 1 then
      raise exception '% is the ground: nothing lies below it', v_step ->> 'name';
    elsif not (v_step -> 'has_down')::boolean then
      raise exception '% has no .down.sql to roll it back', v_step ->> 'name';
    end if;
    v_way := v_way || jsonb_build_array(v_step);
  end loop;
  return v_way;
end
$$;

comment on function deploy.way_back(jsonb, integer) is
  'The last migration, or all after that version, the last first; refuses what cannot be rolled back';

create function deploy.status(p_migrations jsonb)
returns setof text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select rpad(m.name, greatest(32, length(m.name))) || ' '
         || case m.state
              when 'stopped' then 'stopped after statement ' || m.statements_done
              when 'missing' then 'applied, its file is missing'
              when 'edited' then 'edited after it was applied'
              when 'applied' then format('applied %s in %s ms', to_char(m.applied_at, 'YYYY-MM-DD HH24:MI:SS'), m.execution_ms)
              else m.state
            end
    from deploy.migrations(p_migrations) m
$$;

comment on function deploy.status(jsonb) is 'One line for every migration, of the files and of the database';

create function deploy.history()
returns setof text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select concat_ws('  ', to_char(h.happened_at at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS'), h.direction, h.name,
                     h.execution_ms || ' ms', h.done_by)
      from ops.migration_history h order by h.id;
end
$$;

comment on function deploy.history() is 'Every step this database ever made, oldest first';

create function deploy.verify(p_migrations jsonb, p_code jsonb)
returns setof text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select deploy.differences(p_migrations)
  union all
  select case m.state when 'stopped' then format('%s stopped after statement %s: run migrate up', m.name, m.statements_done)
                      else m.path || ' is pending' end
    from deploy.migrations(p_migrations) m
   where m.state in ('stopped', 'pending')
  union all
  select m.path || ' has no .down.sql' from deploy.migrations(p_migrations) m where not m.has_down and m.version > 1
  union all
  select s || ' is not what is deployed' from deploy.stale_files(p_code, true) s
  union all
  select g || ' is deployed, but gone' from deploy.files_gone(p_code) g
  union all
  -- Code is put back by migrate up; all else only by whoever changed it.
  select format('%s %s', d.object, d.what)
         || case when d.object ~ '^((function|view) (api|core|compat|http)|column (api|core|compat))\.' then ''
                 else ': undo it, or make a migration of it' end
    from deploy.drift(deploy.snapshot()) d
$$;

comment on function deploy.verify(jsonb, jsonb) is 'What is not as it was deployed, one line each';
