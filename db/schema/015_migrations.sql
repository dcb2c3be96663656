-- ops: how this database came to be. What was applied, in which order, what code lies on top of it, and what every
-- object looked like when it was deployed. The rules are here and not only in the runner, so that they hold for psql
-- too.

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
comment on column ops.schema_migrations.status is
  'applied, or running: stopped after statements_done, the next run goes on there';
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

grant select on ops.schema_migrations, ops.migration_history, ops.code_files, ops.catalog_fingerprint to plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'schema_migrations',   'local', 'each machine is migrated by itself'),
  ('ops', 'migration_history',   'local', 'each machine is migrated by itself'),
  ('ops', 'code_files',          'local', 'each machine is deployed to by itself'),
  ('ops', 'catalog_fingerprint', 'local', 'each machine is deployed to by itself');
