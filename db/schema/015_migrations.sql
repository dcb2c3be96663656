-- ops: how this database came to be. What was applied, in which order, what code lies on top of it, and what every
-- object looked like when it was deployed. The rules are here and not only in the runner, so that they hold for psql too.

------------------------------------------------------------------------------------------------------------------
-- Migrations: one row per file that is in force.
------------------------------------------------------------------------------------------------------------------

create table ops.schema_migrations (
  version         integer not null,
  name            text not null,
  title           text not null,
  description     text not null default '',
  checksum        text not null,
  transactional   boolean not null default true,
  status          text not null default 'applied',
  statements_done integer not null,
  applied_at      timestamptz not null default clock_timestamp(),
  applied_by      text not null default session_user,
  execution_ms    integer not null default 0,
  constraint schema_migrations_pkey primary key (version),
  constraint schema_migrations_version_check check (version > 0),
  constraint schema_migrations_checksum_check check (checksum ~ '^[0-9a-f]{64}$'),
  constraint schema_migrations_status_check check (status = 'applied' or (status = 'running' and not transactional)),
  constraint schema_migrations_statements_done_check check (statements_done >= 0),
  constraint schema_migrations_execution_ms_check check (execution_ms >= 0)
);

comment on table ops.schema_migrations is 'Migrations in force, one row per file';
comment on column ops.schema_migrations.version is 'Number of the file; without gaps from 1';
comment on column ops.schema_migrations.name is 'Name of the file without its ending';
comment on column ops.schema_migrations.title is 'Title from the header of the file';
comment on column ops.schema_migrations.description is 'Description from the header of the file';
comment on column ops.schema_migrations.checksum is
  'SHA-256 of the file; while it is running, of the statements that are done, which may no longer change';
comment on column ops.schema_migrations.transactional is 'Whether the file ran whole in one transaction';
comment on column ops.schema_migrations.status is 'applied, or running: stopped after statements_done, the next run goes on there';
comment on column ops.schema_migrations.statements_done is 'Statements of the file that are done';
comment on column ops.schema_migrations.applied_at is 'When it was finished (or begun, while it is running)';
comment on column ops.schema_migrations.applied_by is 'The login that ran it';
comment on column ops.schema_migrations.execution_ms is 'How long it ran, in milliseconds';

create table ops.migration_history (
  id           bigint not null generated always as identity,
  version      integer not null,
  name         text not null,
  direction    text not null,
  checksum     text not null,
  execution_ms integer not null,
  happened_at  timestamptz not null default clock_timestamp(),
  done_by      text not null default session_user,
  constraint migration_history_pkey primary key (id),
  constraint migration_history_direction_check check (direction in ('up', 'down'))
);

comment on table ops.migration_history is 'Every step up and down this database ever made; append-only';
comment on column ops.migration_history.id is 'Order of the steps';
comment on column ops.migration_history.version is 'Number of the file';
comment on column ops.migration_history.name is 'Name of the file without its ending';
comment on column ops.migration_history.direction is 'up: applied; down: rolled back';
comment on column ops.migration_history.checksum is 'SHA-256 of the file that had been applied';
comment on column ops.migration_history.execution_ms is 'How long it ran, in milliseconds';
comment on column ops.migration_history.happened_at is 'When';
comment on column ops.migration_history.done_by is 'The login that did it';

create trigger _100_append_only before update or delete on ops.migration_history
  for each row execute function base.tg__append_only();
create trigger _110_append_only before truncate on ops.migration_history
  for each statement execute function base.tg__append_only();

create function ops.tg_schema_migrations__order()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last ops.schema_migrations;
begin
  select m.* into v_last from ops.schema_migrations m order by m.version desc limit 1;

  if tg_op = 'INSERT' then
    if new.version <> coalesce(v_last.version, 0) + 1 then
      perform base.raise('MG001', format('Migration %s cannot be recorded: the next one is %s, after %s',
        new.version, coalesce(v_last.version, 0) + 1, coalesce(v_last.name, 'an empty database')), 'version');
    elsif v_last.status = 'running' then
      perform base.raise('MG001', format('Migration %s cannot be recorded: %s stopped after statement %s and comes first',
        new.version, v_last.name, v_last.statements_done), 'version');
    end if;
    return new;
  elsif tg_op = 'DELETE' then
    if old.version <> v_last.version then
      perform base.raise('MG001', format('Migration %s cannot be rolled back before %s', old.version, v_last.name), 'version');
    end if;
    return old;
  end if;

  if old.status = 'applied' or new.version <> old.version then
    perform base.raise('MG001', format('Migration %s is applied: its record does not change', old.version), 'version');
  end if;
  return new;
end
$$;

comment on function ops.tg_schema_migrations__order() is
  'Migrations are recorded in order and without gaps, go in the reverse order, and do not change once applied';

create function ops.tg_schema_migrations__log()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' then
    insert into ops.migration_history (version, name, direction, checksum, execution_ms)
    values (old.version, old.name, 'down', old.checksum,
            coalesce(nullif(current_setting('plinth.execution_ms', true), ''), '0')::integer);
  elsif new.status = 'applied' then
    insert into ops.migration_history (version, name, direction, checksum, execution_ms)
    values (new.version, new.name, 'up', new.checksum, new.execution_ms);
  end if;
  return null;
end
$$;

comment on function ops.tg_schema_migrations__log() is
  'Writes the step to the history; plinth.execution_ms says how long a rollback took';

create trigger _100_order before insert or update or delete on ops.schema_migrations
  for each row execute function ops.tg_schema_migrations__order();
create trigger _110_append_only before truncate on ops.schema_migrations
  for each statement execute function base.tg__append_only();
create trigger _200_log after insert or update or delete on ops.schema_migrations
  for each row execute function ops.tg_schema_migrations__log();

------------------------------------------------------------------------------------------------------------------
-- Code: which file is deployed, and what it defines. A deploy touches only files whose hash differs.
------------------------------------------------------------------------------------------------------------------

create table ops.code_files (
  path        text not null,
  kind        text not null,
  sha256      text not null,
  objects     text[] not null,
  deployed_at timestamptz not null default clock_timestamp(),
  constraint code_files_pkey primary key (path),
  constraint code_files_kind_check check (kind in ('function', 'view')),
  constraint code_files_sha256_check check (sha256 ~ '^[0-9a-f]{64}$')
);

comment on table ops.code_files is 'Files of functions and views as they are deployed';
comment on column ops.code_files.path is 'The file';
comment on column ops.code_files.kind is 'function or view, by its folder';
comment on column ops.code_files.sha256 is 'SHA-256 of the deployed text';
comment on column ops.code_files.objects is 'What it defines, for example "function api.get_user"';
comment on column ops.code_files.deployed_at is 'When this text was deployed';

------------------------------------------------------------------------------------------------------------------
-- Drift: every object in one line, now and as deployed. "plinth migrate verify" names the differences.
------------------------------------------------------------------------------------------------------------------

create table ops.catalog_fingerprint (
  object      text not null,
  fingerprint text not null,
  recorded_at timestamptz not null default clock_timestamp(),
  constraint catalog_fingerprint_pkey primary key (object)
);

comment on table ops.catalog_fingerprint is 'What every object looked like when a deploy last touched it';
comment on column ops.catalog_fingerprint.object is 'Kind and name, for example "column auth.users.email"';
comment on column ops.catalog_fingerprint.fingerprint is 'Digest of its definition, owner, rights and comment';
comment on column ops.catalog_fingerprint.recorded_at is 'When that deploy was';

-- Whatever lies in a schema of plinth_owner. Partitions are left out: maintenance makes and drops them.
-- The fixed search path makes PostgreSQL write every name in full, whoever asks.
create function ops.catalog_objects()
returns table (object text, definition text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with spaces as (
    select n.oid, n.nspname, n.nspacl from pg_namespace n where n.nspowner = 'plinth_owner'::regrole
  ),
  relations as (
    select c.oid, c.relname, c.relowner, c.relacl, c.relkind, c.relpersistence, c.reloptions, c.relpartbound,
           c.relrowsecurity, c.relforcerowsecurity, format('%I.%I', s.nspname, c.relname) as name
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
                     case when r.relkind in ('v', 'm') then pg_get_viewdef(r.oid) end)
      from relations r
      left join lateral (
        select format_type(q.seqtypid, null), q.seqstart, q.seqincrement, q.seqmax, q.seqmin, q.seqcycle
          from pg_sequence q where q.seqrelid = r.oid) q on true
     where r.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')
    union all
    select format('index %s', r.name), r.oid, 'pg_class', null,
           concat_ws(' ', pg_get_indexdef(r.oid), 'valid', i.indisvalid)
      from relations r join pg_index i on i.indexrelid = r.oid
    union all
    select format('column %s.%I', r.name, a.attname), null, null, a.attacl,
           concat_ws(' ', row_number() over (partition by r.oid order by a.attnum), format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
                     a.attcollation::regcollation, a.attstorage, pg_get_expr(d.adbin, d.adrelid),
                     col_description(r.oid, a.attnum))
      from relations r
      join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
     where r.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
    union all
    -- NOT NULL is told with the column: only PostgreSQL 18 lists it as a constraint.
    select format('constraint %s.%I', coalesce(r.name, k.contypid::regtype::text), k.conname), k.oid, 'pg_constraint', null,
           concat_ws(' ', pg_get_constraintdef(k.oid), 'valid', k.convalidated)
      from pg_constraint k
      left join relations r on r.oid = k.conrelid
     where k.contype not in ('n', 't')
       and (r.oid is not null or (k.contypid <> 0 and k.connamespace in (select s.oid from spaces s)))
    union all
    select format('policy %s.%I', r.name, p.polname), p.oid, 'pg_policy', null,
           concat_ws(' ', p.polcmd, p.polpermissive, p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid), 'check',
                     pg_get_expr(p.polwithcheck, p.polrelid))
      from relations r join pg_policy p on p.polrelid = r.oid
    union all
    select format('trigger %s.%I', r.name, t.tgname), t.oid, 'pg_trigger', null,
           concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled)
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
      from pg_proc p join spaces s on s.oid = p.pronamespace
    union all
    select format('default rights of %s on %s', d.defaclrole::regrole, d.defaclobjtype), null, null, d.defaclacl, ''
      from pg_default_acl d
     where d.defaclrole in ('plinth_owner'::regrole, 'plinth_system'::regrole) and d.defaclnamespace = 0
  )
  select o.object,
         concat_ws(E'\n', o.definition,
           (select string_agg(a::text, ' ' order by a::text) from unnest(o.acl) a),
           obj_description(o.oid, o.catalog))
    from objects o
$$;

comment on function ops.catalog_objects() is 'Every object of this database with its definition, owner, rights and comment';

grant select on ops.schema_migrations, ops.migration_history, ops.code_files, ops.catalog_fingerprint to plinth_operator;
grant execute on function ops.catalog_objects() to plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'schema_migrations',   'local', 'each machine is migrated by itself'),
  ('ops', 'migration_history',   'local', 'each machine is migrated by itself'),
  ('ops', 'code_files',          'local', 'each machine is deployed to by itself'),
  ('ops', 'catalog_fingerprint', 'local', 'each machine is deployed to by itself');
