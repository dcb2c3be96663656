-- Title: Baseline
-- Version: 001
-- Description: All tables; generated from db/schema by: python -m pyapp.migrate baseline

-- db/schema/010_base.sql

-- base: the durable ground. What tables themselves need (ids, errors, the current user, audit marks, cache tags)
-- lives here, because tables must never depend on code that a deploy rebuilds.

------------------------------------------------------------------------------------------------------------------
-- The manifest: every table says how it would be spread over several machines, and a test holds it to that.
------------------------------------------------------------------------------------------------------------------

create table base.table_manifest (
  schema_name text not null,
  table_name  text not null,
  class       text not null,
  reason      text not null,
  constraint table_manifest_pkey primary key (schema_name, table_name),
  constraint table_manifest_class_check check (class in ('by-user', 'by-team', 'directory', 'reference', 'local'))
);

comment on table base.table_manifest is 'How each table would be spread over several machines';
comment on column base.table_manifest.schema_name is 'Schema of the table';
comment on column base.table_manifest.table_name is 'Name of the table';
comment on column base.table_manifest.class is
  'by-user, by-team: key starts with the user, the team; directory: unique everywhere; reference: rarely written; local';
comment on column base.table_manifest.reason is 'Why it is of this class';

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('base', 'table_manifest', 'reference', 'says how tables are spread'),
  ('base', 'table_privacy',  'reference', 'says what of a user is where'),
  ('base', 'errors',         'reference', 'the same codes everywhere'),
  ('base', 'settings',       'reference', 'read by every function, changed by hand'),
  ('base', 'touched_tags',   'local',     'cache tags of transactions on this machine');

------------------------------------------------------------------------------------------------------------------
-- Privacy: what a person's export shows and what an erasure leaves, said once per table, beside the table. A test
-- demands a line for every table that hangs on an account, and a word for every column of it that can hold anything.
------------------------------------------------------------------------------------------------------------------

create table base.table_privacy (
  schema_name text not null,
  table_name  text not null,
  user_column text default 'user_id',
  on_erase    text not null default 'delete',
  personal    text[] not null default '{}',
  hidden      text[] not null default '{}',
  neutral     text[] not null default '{}',
  erased      jsonb not null default '{}',
  constraint table_privacy_pkey primary key (schema_name, table_name),
  constraint table_privacy_table_name_fkey foreign key (schema_name, table_name)
    references base.table_manifest (schema_name, table_name) on delete cascade,
  constraint table_privacy_on_erase_check check (on_erase in ('delete', 'anonymise', 'keep')),
  constraint table_privacy_erased_check check (jsonb_typeof(erased) = 'object')
);

comment on table base.table_privacy is 'What of a user each table holds: shown in an export, and gone after an erasure';
comment on column base.table_privacy.schema_name is 'Schema of the table';
comment on column base.table_privacy.table_name is 'Name of the table';
comment on column base.table_privacy.user_column is
  'The column whose user the row belongs to; NULL: the table only mentions users by their ids';
comment on column base.table_privacy.on_erase is
  'delete: the rows go; anonymise: they stay, personal and hidden columns are emptied; keep: nothing personal is in them';
comment on column base.table_privacy.personal is 'Columns that tell something about the person: exported and erased';
comment on column base.table_privacy.hidden is 'Columns that never leave the database, and are erased';
comment on column base.table_privacy.neutral is 'Columns that say nothing about a person: exported, and they may stay';
comment on column base.table_privacy.erased is
  'anonymise: what a column holds afterwards where it cannot be NULL; {id} is the user''s id without hyphens';

------------------------------------------------------------------------------------------------------------------
-- Errors: one row per code, one helper that raises them.
------------------------------------------------------------------------------------------------------------------

create table base.errors (
  code        text not null,
  http_status integer not null,
  title       text not null,
  description text not null,
  retry_after integer,
  constraint errors_pkey primary key (code),
  constraint errors_code_check check (code ~ '^[0-9A-Z]{2,5}$'),
  constraint errors_http_status_check check (http_status between 400 and 599)
);

comment on table base.errors is 'Every error a caller can see: the code, its HTTP status and what it means';
comment on column base.errors.code is 'SQLSTATE of five characters, or a class of two for PostgreSQL''s own';
comment on column base.errors.http_status is 'Status of the HTTP answer';
comment on column base.errors.title is 'Short text, the same for every occurrence';
comment on column base.errors.description is 'When it is raised and what to do';
comment on column base.errors.retry_after is 'Seconds to wait before trying again, where trying again can help';

insert into base.errors (code, http_status, title, description, retry_after) values
  ('BR001', 400, 'Malformed request',         'The request is not valid HTTP, JSON or UTF-8; nothing was done.', null),
  ('BR002', 413, 'Body too large',            'The body exceeds the limit; send less.', null),
  ('BR003', 415, 'Unsupported media type',    'Send the body as application/json.', null),
  ('BR004', 431, 'Header too large',          'The request line or a header exceeds the limit.', null),
  ('BR408', 408, 'Request timed out',         'The request did not arrive whole in time.', null),
  ('UN001', 401, 'Sign-in needed',            'No token, or one that is unknown, expired or ended.', null),
  ('UN002', 401, 'Wrong login or password',   'The login and the password do not belong together.', null),
  ('UN003', 401, 'Confirm it is you',         'Your last sign-in or step-up is too long ago: step up and repeat.', null),
  ('UN004', 401, 'Second factor needed',      'The password is right; send the code of the second factor, too.', null),
  ('NP001', 403, 'Not permitted',             'The caller may not do this, or may not act for the named user.', null),
  ('NF001', 404, 'Not found',                 'There is no such thing, or it is not yours to see.', null),
  ('NF404', 404, 'No such route',             'The path is not one of the routes; see /docs.', null),
  ('NF405', 405, 'Method not allowed',        'The path exists, but not with this method; see the Allow header.', null),
  ('KC001', 409, 'Already taken',             'The value must be unique and is taken.', null),
  ('KC002', 409, 'Changed meanwhile',         'The version sent is not the current one; read again and retry.', null),
  ('KC003', 409, 'The last one stays',        'The last administrator or owner cannot go; appoint another first.', null),
  ('KC004', 409, 'Not in this state',         'The thing is not in the state that this needs; the detail says which.', null),
  ('KC007', 409, 'Still in use',              'Something depends on the thing, so it stays.', null),
  ('KC008', 409, 'Too many',                  'There are as many of them as there may be; remove one.', null),
  ('VL001', 422, 'Invalid field',             'A field breaks a rule; errors names the field and the rule.', null),
  ('VL002', 422, 'Unknown field',             'A field is not part of this request.', null),
  ('VL003', 422, 'Missing field',             'A required field is missing.', null),
  ('VL004', 422, 'Link not good',             'The link is unknown, was used before, or has run out; ask for a new one.', null),
  ('RL001', 429, 'Too many requests',         'A limit is reached; wait as long as Retry-After says.', 1),
  ('RL002', 429, 'Too many attempts',         'Too many failed attempts; wait as long as Retry-After says.', 60),
  ('SV500', 500, 'Internal error',            'Something failed that should not; the request id finds it in the log.', null),
  ('SV503', 503, 'Unavailable',               'A part that is needed is away; nothing was done, try again.', 1),
  ('SV504', 504, 'Timed out',                 'The work took longer than it may.', null),
  ('SV510', 500, 'Secret not readable',       'An encrypted value was altered, or its key is not at hand.', null),
  ('MG001', 409, 'Migration out of order',    'A migration was recorded before one with a lower number.', null),
  ('AU001', 403, 'Append only',               'Rows of this table are never changed or removed.', null),
  -- PostgreSQL's own, by code or by class; the longest match decides.
  ('22',    400, 'Malformed value',           'A value could not be read as its type.', null),
  ('23001', 409, 'Still referenced',          'Something else refers to the thing, so it stays.', null),
  ('23503', 409, 'Still referenced',          'The thing refers to, or is referred to by, something that forbids this.', null),
  ('23505', 409, 'Already taken',             'The value must be unique and is taken.', null),
  ('23514', 422, 'Invalid field',             'A value breaks a rule of its table.', null),
  ('25006', 500, 'Internal error',            'A function that only reads tried to write.', null),
  ('40001', 503, 'Unavailable',               'Several transactions were in each other''s way, repeatedly; try again.', 1),
  ('40P01', 503, 'Unavailable',               'Several transactions were in each other''s way, repeatedly; try again.', 1),
  ('42501', 403, 'Not permitted',             'The database role may not do this.', null),
  ('53',    503, 'Unavailable',               'The database is out of a resource; try again.', 1),
  ('55P03', 503, 'Unavailable',               'A lock could not be had in time; try again.', 1),
  ('57014', 504, 'Timed out',                 'The work took longer than it may.', null),
  ('57P',   503, 'Unavailable',               'The database is starting or stopping; try again.', 1),
  ('08',    503, 'Unavailable',               'The database cannot be reached; try again.', 1);

create function base.raise(
  p_code    text,
  p_message text,
  p_field   text default null,
  p_hint    text default null
)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_hint is null then
    raise exception using errcode = p_code, message = p_message, column = coalesce(p_field, '');
  end if;
  raise exception using errcode = p_code, message = p_message, column = coalesce(p_field, ''), hint = p_hint;
end
$$;

comment on function base.raise(text, text, text, text) is
  'Raises one of base.errors: the message is for the caller, the field names what was wrong';

------------------------------------------------------------------------------------------------------------------
-- Settings: what an operator may turn, each with its type, its bounds and its reason.
------------------------------------------------------------------------------------------------------------------

create table base.settings (
  name        text not null,
  value       text not null,
  type        text not null,
  minimum     numeric,
  maximum     numeric,
  description text not null,
  updated_at  timestamptz not null default now(),
  constraint settings_pkey primary key (name),
  constraint settings_type_check check (type in ('integer', 'boolean', 'text')),
  constraint settings_value_check check (
    case type
      when 'integer' then value ~ '^-?[0-9]{1,15}$'
                      and value::numeric between coalesce(minimum, '-Infinity') and coalesce(maximum, 'Infinity')
      when 'boolean' then value in ('true', 'false')
      else true
    end)
);

comment on table base.settings is 'Settings of the rules inside the database';
comment on column base.settings.name is 'Dotted name, the domain first';
comment on column base.settings.value is 'The value in force, as text of its type';
comment on column base.settings.type is 'integer, boolean or text';
comment on column base.settings.minimum is 'Lowest number allowed';
comment on column base.settings.maximum is 'Highest number allowed';
comment on column base.settings.description is 'What it decides';
comment on column base.settings.updated_at is 'When it was last changed';

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('account.grace_days',      '30',          'integer', 0,    365,  'Days a deleted account can be restored; then it is erased'),
  ('api_key.grace_minutes',   '1440',        'integer', 0,    10080, 'Minutes the former secret of a rotated key still works'),
  ('api_key.limit',           '50',          'integer', 1,    10000, 'Live API keys per user'),
  ('environment',             'development', 'text',    null, null, 'development, test or production; written by the deploy'),
  ('password.bcrypt_cost',    '12',          'integer', 4,    16,   'Work factor of new hashes; below 10 only in tests'),
  ('password.minimum_length', '15',          'integer', 8,    256,  'Code points a password needs when it is the only factor'),
  ('session.access_minutes',  '15',          'integer', 1,    1440, 'Minutes a session token lives'),
  ('session.refresh_days',    '30',          'integer', 1,    365,  'Days after which a session ends, however much it is used'),
  ('session.idle_days',       '7',           'integer', 1,    365,  'Days without a refresh after which a session ends'),
  ('session.strong_hours',    '24',          'integer', 1,    8760, 'The same whole, of administrators and with a second factor'),
  ('session.strong_idle_minutes', '60',      'integer', 5,    10080, 'The same without a refresh, of those'),
  ('session.reuse_grace_seconds', '10',      'integer', 0,    60,   'Seconds in which a lost answer to a refresh is given again'),
  ('session.limit',           '20',          'integer', 1,    1000, 'Live sessions per user; the oldest gives way'),
  ('session.step_up_minutes', '10',          'integer', 1,    60,   'Minutes for which a confirmed identity is enough');

alter table base.settings add constraint settings_bcrypt_cost_check
  check (name <> 'password.bcrypt_cost' or value::integer >= 4);

create function base.setting(p_name text)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_value text;
begin
  select s.value into strict v_value from base.settings s where s.name = p_name;
  return v_value;
end
$$;

comment on function base.setting(text) is 'The value of a setting; an unknown name is an error of the code that asks';

create function base.set_setting(p_name text, p_value text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_name = 'password.bcrypt_cost' and p_value::integer < 10 and base.setting('environment') <> 'test' then
    perform base.raise('VL001', 'A bcrypt cost below 10 is allowed only in the test environment', 'value');
  end if;

  update base.settings s set value = p_value, updated_at = now() where s.name = p_name;

  if not found then
    perform base.raise('NF001', format('There is no setting named %s', p_name), 'name');
  end if;
end
$$;

comment on function base.set_setting(text, text) is 'Changes a setting; the table checks type and bounds';
grant execute on function base.set_setting(text, text) to plinth_operator;

------------------------------------------------------------------------------------------------------------------
-- Ids: version 7, ordered by time. PostgreSQL's own where it has one.
------------------------------------------------------------------------------------------------------------------

do $do$
begin
  if current_setting('server_version_num')::integer >= 180000 then
    create function base.new_id() returns uuid language sql volatile parallel safe
    as $$ select pg_catalog.uuidv7() $$;
  else
    create function base.new_id() returns uuid language sql volatile parallel safe
    as $$
      -- A random version 4 with its first 48 bits replaced by milliseconds and its version by 7.
      select pg_catalog.encode(
        pg_catalog.set_bit(pg_catalog.set_bit(
          pg_catalog.overlay(
            pg_catalog.uuid_send(pg_catalog.gen_random_uuid())
            placing pg_catalog.substring(pg_catalog.int8send(
              (extract(epoch from pg_catalog.clock_timestamp()) * 1000)::pg_catalog.int8) from 3)
            from 1 for 6),
          52, 1), 53, 1),
        'hex')::pg_catalog.uuid
    $$;
  end if;
end $do$;

comment on function base.new_id() is 'A new uuid of version 7: unique, and ordered by the time it was made';
grant execute on function base.new_id() to plinth_system, plinth_operator;

create function base.first_id(p_at timestamptz)
returns uuid
language sql
immutable
parallel safe
as $$
  -- The milliseconds, then nothing but zeros: no id of that moment or later is smaller.
  select pg_catalog.rpad(pg_catalog.lpad(pg_catalog.to_hex(
           pg_catalog.floor(extract(epoch from p_at) * 1000)::pg_catalog.int8), 12, '0'), 32, '0')::pg_catalog.uuid
$$;

comment on function base.first_id(timestamptz) is
  'Where the ids of a moment begin: the bound of a partition, or of a search';
grant execute on function base.first_id(timestamptz) to plinth_system, plinth_operator;

------------------------------------------------------------------------------------------------------------------
-- Who is calling. Two transaction-local settings:
--   plinth.caller   set by http.enter only; fixes the user for the whole transaction
--   plinth.subject  set by core.act_for when an operator names a user; carries the time of its statement and is
--                   worthless in any other, so that one transaction may act for several users one after another
-- After a transaction such a setting reads '' and not NULL.
------------------------------------------------------------------------------------------------------------------

create function base.current_user_id()
returns uuid
language plpgsql
stable
parallel restricted
as $$
declare
  v_who text := pg_catalog.current_setting('plinth.caller', true);
begin
  if v_who <> '' then
    return v_who::pg_catalog.uuid;
  end if;

  v_who := pg_catalog.current_setting('plinth.subject', true);
  if v_who <> ''
     and pg_catalog.split_part(v_who, '@', 2) = extract(epoch from pg_catalog.statement_timestamp())::pg_catalog.text
     and pg_catalog.pg_has_role(session_user, 'plinth_operator', 'member')
  then
    return pg_catalog.split_part(v_who, '@', 1)::pg_catalog.uuid;
  end if;

  return null;
end
$$;

comment on function base.current_user_id() is
  'The user this statement acts for: the caller of the request, or the one an operator named; NULL when there is none';

-- plinth.context is what the layer knows of the request, in one setting because each costs time on every call:
-- session id, request id, address, user agent, API key id, separated by the unit separator (no header contains it).
create function base.request_context(p_part integer)
returns text
language sql
stable
as $$
  select nullif(pg_catalog.split_part(pg_catalog.current_setting('plinth.context', true), E'\x1f', p_part), '')
$$;

comment on function base.request_context(integer) is
  'What is known of the request: 1 session id, 2 request id, 3 address, 4 user agent, 5 API key id; NULL: none';

grant execute on function base.current_user_id() to plinth_system, plinth_operator;
grant execute on function base.request_context(integer) to plinth_system;
grant execute on function base.raise(text, text, text, text) to plinth_system;
grant execute on function base.setting(text) to plinth_system, plinth_operator;
grant select on base.errors, base.settings, base.table_manifest, base.table_privacy to plinth_system, plinth_operator;

------------------------------------------------------------------------------------------------------------------
-- Trigger functions that every domain uses. Triggers are named _NNN_<task>: the number is the firing order.
------------------------------------------------------------------------------------------------------------------

create function base.tg__touch()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  new.updated_at := greatest(clock_timestamp(), old.updated_at);
  new.version := old.version + 1;
  return new;
end
$$;

comment on function base.tg__touch() is
  'Keeps updated_at and version; fire it only for the columns that count as a change';

create function base.tg__append_only()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform base.raise('AU001', format('Rows of %s are never changed or removed',
                                     coalesce(pg_partition_root(tg_relid), tg_relid::regclass)));
  return null;
end
$$;

comment on function base.tg__append_only() is 'Refuses UPDATE, DELETE and TRUNCATE, whoever asks';

------------------------------------------------------------------------------------------------------------------
-- Cache tags. A write records what it touched in its own transaction; the layer bumps the tags before it answers and
-- then removes the record, a sweeper bumps what a dead worker left behind.
------------------------------------------------------------------------------------------------------------------

create table base.touched_tags (
  xid        xid8 not null default pg_current_xact_id(),
  tag        text not null,
  touched_at timestamptz not null default clock_timestamp(),
  constraint touched_tags_pkey primary key (xid, tag)
);

comment on table base.touched_tags is 'Cache tags touched by committed transactions and not yet known to be bumped';
comment on column base.touched_tags.xid is 'The transaction that wrote';
comment on column base.touched_tags.tag is 'What it touched, as <tag>:<user id> or all:<tag>';
comment on column base.touched_tags.touched_at is 'When, for the sweeper';

create index touched_tags_touched_at_idx on base.touched_tags (touched_at);
comment on index base.touched_tags_touched_at_idx is 'For http.stale_tags';
grant select on base.touched_tags to plinth_operator;

create function base.touch_tag(p_tag text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into base.touched_tags (tag) values (p_tag) on conflict do nothing;

  -- Inside a request the layer bumps. Elsewhere (psql, a job) nobody would: the commit tells the layers.
  -- Not always, because a transaction that notifies takes a database-wide lock at commit.
  if found and coalesce(current_setting('plinth.context', true), '') = '' then
    perform pg_notify('plinth_tags', p_tag);
  end if;
end
$$;

comment on function base.touch_tag(text) is
  'Records that what is cached under a tag is no longer true once this transaction commits';
grant execute on function base.touch_tag(text) to plinth_system;

create function base.tg__touch_tag()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_row jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
begin
  if tg_op = 'UPDATE' and old is not distinct from new then
    return null;
  end if;

  if tg_nargs = 1 then
    perform base.touch_tag('all:' || tg_argv[0]);
  else
    perform base.touch_tag(tg_argv[0] || ':' || (v_row ->> tg_argv[1]));
  end if;
  return null;
end
$$;

comment on function base.tg__touch_tag() is
  'Arguments: tag, column that holds the user id. Touches <tag>:<user id>, or all:<tag> when no column is named';

-- db/schema/015_migrations.sql

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

-- db/schema/020_http.sql

-- http: what the layer needs to know. The registry is data: the layer builds its routes from it, OpenAPI is made from
-- it, and select * from http.routes answers the question "what can be called".

create table http.routes (
  method        text not null,
  path          text not null,
  function_name text not null,
  auth          text not null,
  permission    text,
  status        integer not null,
  result        text not null,
  lane          text not null,
  cache_seconds integer,
  cache_tags    text[] not null default '{}',
  file          text not null,
  constraint routes_pkey primary key (path, method),
  constraint routes_method_check check (method in ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')),
  constraint routes_path_check check (path ~ '^/v1/[a-z0-9/{}_.-]+$'),
  constraint routes_function_name_check check (function_name ~ '^api\.[a-z][a-z0-9_]*$'),
  constraint routes_auth_check check (auth in ('none', 'user', 'session', 'step_up')),
  constraint routes_permission_check check (permission is null or auth <> 'none'),
  constraint routes_result_check check (result in ('one', 'list', 'value', 'none', 'qr')),
  constraint routes_lane_check check (lane in ('read', 'write', 'slow', 'hash')),
  constraint routes_cache_check check (
    cache_seconds is null or (method = 'GET' and lane = 'read' and auth in ('none', 'user')))
);

comment on table http.routes is
  'Every route: what is called, by whom, in which lane, and how long the answer may be kept';
comment on column http.routes.method is 'HTTP method';
comment on column http.routes.path is 'Path; {name} is the argument p_name';
comment on column http.routes.function_name is 'The function that answers';
comment on column http.routes.auth is
  'none: anyone; user: a signed-in caller; session: one with a session; step_up: one who has just shown who it is';
comment on column http.routes.permission is 'Permission the caller needs besides';
comment on column http.routes.status is 'Status of a successful answer';
comment on column http.routes.result is 'one: object; list: items and next; value: {"value"}; none: 204; qr: a picture';
comment on column http.routes.lane is
  'read and write: short calls on shared connections; slow and hash: a connection to itself';
comment on column http.routes.cache_seconds is 'How long an answer may be kept; NULL: not at all';
comment on column http.routes.cache_tags is
  'What the answer depends on; a write that touches one of them makes it void';
comment on column http.routes.file is 'The file that registered it';

create table http.unrouted (
  function_name text not null,
  reason        text not null,
  file          text not null,
  constraint unrouted_pkey primary key (function_name)
);

comment on table http.unrouted is 'Functions of the contract that are on purpose not reachable over HTTP';
comment on column http.unrouted.function_name is 'The function';
comment on column http.unrouted.reason is 'Why it has no route';
comment on column http.unrouted.file is 'The file that says so';

create table http.registry (
  id          boolean not null default true,
  version     uuid not null default gen_random_uuid(),
  deployed_at timestamptz not null default now(),
  constraint registry_pkey primary key (id),
  constraint registry_id_check check (id)
);

comment on table http.registry is
  'One row: the version of all code and routes; random, new with every deploy that changed something';
comment on column http.registry.id is 'Always true: there is one row';
comment on column http.registry.version is 'Part of every cache key, so that a deploy voids what older code answered';
comment on column http.registry.deployed_at is 'When that deploy was';

insert into http.registry default values;

create table http.jobs (
  name  text not null,
  every interval not null,
  file  text not null,
  constraint jobs_pkey primary key (name),
  constraint jobs_name_check check (name ~ '^core\.[a-z][a-z0-9_]*$'),
  constraint jobs_every_check check (every between interval '1 second' and interval '31 days')
);

comment on table http.jobs is 'What the worker does whether or not a request comes; how it went stands in ops.job_runs';
comment on column http.jobs.name is 'The function: takes how many rows to work on at most, returns how many there were';
comment on column http.jobs.every is 'How often';
comment on column http.jobs.file is 'The file that registered it';

grant select on http.routes, http.unrouted, http.registry, http.jobs to plinth_reader, plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('http', 'routes',   'reference', 'the same routes everywhere'),
  ('http', 'unrouted', 'reference', 'the same functions everywhere'),
  ('http', 'registry', 'reference', 'one row'),
  ('http', 'jobs',     'reference', 'the same jobs everywhere');

-- db/schema/030_ops.sql

-- ops: what keeps the house. Partitions, the audit trail, jobs.

------------------------------------------------------------------------------------------------------------------
-- Partitions. What grows with time is partitioned by month on its id, which is ordered by time. Partitions are made
-- ahead, by the deploy and by a job; a DEFAULT one takes what falls beside them, so that no write ever fails for it.
------------------------------------------------------------------------------------------------------------------

create table ops.partitioned_tables (
  name   text not null,
  months integer not null default 3,
  constraint partitioned_tables_pkey primary key (name),
  constraint partitioned_tables_months_check check (months between 1 and 24)
);

comment on table ops.partitioned_tables is 'Tables that are partitioned by month on an id of version 7';
comment on column ops.partitioned_tables.name is 'The table, with its schema';
comment on column ops.partitioned_tables.months is 'How many months ahead partitions are made';

grant select on ops.partitioned_tables to plinth_system, plinth_operator;

-- Indexes, row triggers and constraints come with ATTACH; row security, the operator's right to read (a dump reads
-- partitions one by one) and statement triggers do not.
create function ops.make_partition(p_table regclass, p_name text, p_from uuid, p_to uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text := format('%I.%I', split_part(p_table::text, '.', 1), p_name);
  v_sql  text;
begin
  execute format('create table %s (like %s including all)', v_name, p_table);
  execute format('comment on table %s is %L', v_name,
                 format(case when p_from is null then 'What of %s is in no other part' else 'One month of %s' end, p_table));
  execute format('alter table %s enable row level security', v_name);
  execute format('alter table %s force row level security', v_name);
  execute format('create policy operator_read on %s for select to plinth_operator using (true)', v_name);
  execute format('grant select on %s to plinth_operator', v_name);
  for v_sql in
    select replace(pg_get_triggerdef(t.oid), ' ON ' || p_table || ' ', ' ON ' || v_name || ' ')
      from pg_trigger t where t.tgrelid = p_table and not t.tgisinternal and t.tgtype & 1 = 0
  loop
    execute v_sql;
  end loop;
  execute format('alter table %s attach partition %s ', p_table, v_name)
       || case when p_from is null then 'default' else format('for values from (%L) to (%L)', p_from, p_to) end;
end
$$;

comment on function ops.make_partition(regclass, text, uuid, uuid) is
  'Makes one partition and attaches it; without bounds the default one';

create function ops.make_partitions()
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_table regclass;
  v_name  text;
  v_month timestamptz;
  v_next  timestamptz;
  v_made  integer := 0;
begin
  for v_table, v_month in
    select t.name::regclass, m
      from ops.partitioned_tables t,
           generate_series(date_trunc('month', now(), 'UTC'), now() + make_interval(months => t.months),
                           '1 month', 'UTC') m
     order by 1, 2
  loop
    v_next := date_add(v_month, interval '1 month', 'UTC');
    v_name := split_part(v_table::text, '.', 2) || to_char(v_month at time zone 'UTC', '_YYYY_MM');
    if to_regclass(format('%I.%I', split_part(v_table::text, '.', 1), v_name)) is null then
      begin
        perform ops.make_partition(v_table, v_name, base.first_id(v_month), base.first_id(v_next));
        v_made := v_made + 1;
      exception when check_violation then
        null;  -- the default partition has rows of that month already; there they stay
      end;
    end if;
  end loop;
  return v_made;
end
$$;

comment on function ops.make_partitions() is 'Makes the partitions of this month and of those ahead; returns how many';

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'partitioned_tables', 'reference', 'the same tables everywhere');

------------------------------------------------------------------------------------------------------------------
-- The audit trail. Two tables, because a trail that cannot be changed and a person's right to be forgotten meet
-- here: ops.audit_logs holds ids, actions and column names and is never changed; what may be personal (values,
-- address, user agent) is in ops.audit_details, bound to its row by a salted digest, and may be erased with a record.

create table ops.audit_logs (
  id           uuid not null default base.new_id(),
  occurred_at  timestamptz not null default clock_timestamp(),
  actor_id     uuid,
  api_key_id   uuid,
  acting_role  text not null default session_user,
  user_id      uuid,
  action       text not null,
  entity_type  text not null,
  entity_id    text,
  changed      text[] not null default '{}',
  request_id   text,
  detail_digest bytea,
  constraint audit_logs_pkey primary key (id)
) partition by range (id);

comment on table ops.audit_logs is 'Who did what to what, and when; append-only for every role';
comment on column ops.audit_logs.id is 'Ordered by time';
comment on column ops.audit_logs.occurred_at is 'When the statement ran';
comment on column ops.audit_logs.actor_id is
  'The user who acted, or for whom an operator acted; NULL: nobody was signed in';
comment on column ops.audit_logs.api_key_id is 'The API key the user acted by; NULL: a session, or an operator';
comment on column ops.audit_logs.acting_role is 'The database login: the layer''s, or the operator''s own';
comment on column ops.audit_logs.user_id is 'The user whose data it is';
comment on column ops.audit_logs.action is 'insert, update, delete, or the name of a security event';
comment on column ops.audit_logs.entity_type is 'Table or kind of thing';
comment on column ops.audit_logs.entity_id is 'Its id';
comment on column ops.audit_logs.changed is 'Names of the columns that changed';
comment on column ops.audit_logs.request_id is 'X-Request-Id of the call';
comment on column ops.audit_logs.detail_digest is
  'SHA-256 over salt and detail: shows later that the detail was not replaced';

create index audit_logs_user_id_idx on ops.audit_logs (user_id, id);
comment on index ops.audit_logs_user_id_idx is 'For the trail of one user, newest first';
create index audit_logs_actor_id_idx on ops.audit_logs (actor_id, id);
comment on index ops.audit_logs_actor_id_idx is 'For what one user did';
create index audit_logs_entity_idx on ops.audit_logs (entity_type, entity_id, id);
comment on index ops.audit_logs_entity_idx is 'For the history of one thing';

create table ops.audit_details (
  audit_id   uuid not null,
  user_id    uuid,
  salt       bytea not null default ext.gen_random_bytes(16),
  address    inet,
  user_agent text,
  difference jsonb not null default '{}',
  constraint audit_details_pkey primary key (audit_id)
) partition by range (audit_id);

comment on table ops.audit_details is 'The part of the trail that may be personal: values, address, user agent';
comment on column ops.audit_details.audit_id is 'The row of ops.audit_logs';
comment on column ops.audit_details.user_id is 'The user whose data it is, to find it for erasure';
comment on column ops.audit_details.salt is 'Makes the digest worthless for guessing an erased value';
comment on column ops.audit_details.address is 'Address the call came from';
comment on column ops.audit_details.user_agent is 'What the client called itself';
comment on column ops.audit_details.difference is 'Column name -> {"before", "after"}; secrets never get here';

create index audit_details_user_id_idx on ops.audit_details (user_id);
comment on index ops.audit_details_user_id_idx is 'For erasing a user';
create index audit_details_login_idx on ops.audit_details (lower(difference ->> 'login')) where user_id is null;
comment on index ops.audit_details_login_idx is
  'For erasing a user: attempts that named the account and found none active';

create table ops.audit_erasures (
  audit_id  uuid not null,
  user_id   uuid,
  erased_at timestamptz not null default clock_timestamp(),
  reason    text not null,
  constraint audit_erasures_pkey primary key (audit_id)
);

comment on table ops.audit_erasures is
  'Which details were erased, and why; without such a row a detail cannot be removed';
comment on column ops.audit_erasures.audit_id is 'The row of ops.audit_logs whose detail is gone';
comment on column ops.audit_erasures.user_id is 'For whose sake';
comment on column ops.audit_erasures.erased_at is 'When';
comment on column ops.audit_erasures.reason is 'Why';

create index audit_erasures_user_id_idx on ops.audit_erasures (user_id);
comment on index ops.audit_erasures_user_id_idx is 'For the export of a user';

-- What is written waits here until it is sealed. A row of its own and not a mark, because the trail is never changed,
-- and because a transaction that commits late must not be passed over.
create table ops.audit_unsealed (
  audit_id uuid not null,
  constraint audit_unsealed_pkey primary key (audit_id)
);

comment on table ops.audit_unsealed is 'Rows of the trail that no seal covers yet: those of the last few seconds';
comment on column ops.audit_unsealed.audit_id is 'The row of ops.audit_logs';

-- Seals make tampering visible: each names its rows with their digests and hangs on the one before, under a key that is
-- not in the database. Sealing in batches, behind the writers, makes none of them wait for another.
create table ops.audit_seals (
  seq       bigint not null,
  sealed_at timestamptz not null default clock_timestamp(),
  key_id    text not null,
  previous  bytea not null,
  audit_ids uuid[] not null,
  digests   bytea[] not null,
  digest    bytea not null,
  constraint audit_seals_pkey primary key (seq),
  constraint audit_seals_seq_check check (seq > 0),
  constraint audit_seals_digests_check check (cardinality(digests) = cardinality(audit_ids)),
  constraint audit_seals_digest_check check (length(digest) = 32)
);

comment on table ops.audit_seals is 'The chain of seals over the audit trail; append-only for every role';
comment on column ops.audit_seals.seq is 'Place in the chain, without gaps';
comment on column ops.audit_seals.sealed_at is 'When';
comment on column ops.audit_seals.key_id is 'Which key it was sealed with';
comment on column ops.audit_seals.previous is 'Digest of the seal before';
comment on column ops.audit_seals.audit_ids is 'The rows it covers';
comment on column ops.audit_seals.digests is 'SHA-256 of each of them; NULL: it was gone before it could be sealed';
comment on column ops.audit_seals.digest is 'HMAC-SHA-256 over all of this';

-- Durable, because a seal has to be checked years later: what goes into the digest of a row never changes.
create function ops.audit_digest(p_row ops.audit_logs)
returns bytea
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select sha256(convert_to(jsonb_build_array(
    p_row.id, extract(epoch from p_row.occurred_at), p_row.actor_id, p_row.acting_role, p_row.user_id, p_row.action,
    p_row.entity_type, p_row.entity_id, to_jsonb(p_row.changed), p_row.request_id, encode(p_row.detail_digest, 'hex'))::text,
    'UTF8'))
$$;

comment on function ops.audit_digest(ops.audit_logs) is 'What a seal remembers of a row of the trail';
grant execute on function ops.audit_digest(ops.audit_logs) to plinth_system;

create function ops.seal_digest(p_seal ops.audit_seals, p_key bytea)
returns bytea
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select ext.hmac(p_seal.previous || convert_to(jsonb_build_array(
    p_seal.seq, extract(epoch from p_seal.sealed_at), p_seal.key_id, to_jsonb(p_seal.audit_ids),
    to_jsonb(p_seal.digests))::text, 'UTF8'), p_key, 'sha256')
$$;

comment on function ops.seal_digest(ops.audit_seals, bytea) is 'The digest of a seal under its key';
grant execute on function ops.seal_digest(ops.audit_seals, bytea) to plinth_system;

create function ops.tg_audit_details__guard()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' and exists (select from ops.audit_erasures e where e.audit_id = old.audit_id) then
    return old;
  end if;
  perform base.raise('AU001', 'A detail of the audit trail is never changed, and removed only after its erasure is recorded');
  return null;
end
$$;

comment on function ops.tg_audit_details__guard() is 'Lets a detail go only after its erasure was recorded';

create trigger _100_append_only before update or delete on ops.audit_logs
  for each row execute function base.tg__append_only();
create trigger _110_append_only before truncate on ops.audit_logs
  for each statement execute function base.tg__append_only();
create trigger _100_guard before update or delete on ops.audit_details
  for each row execute function ops.tg_audit_details__guard();
create trigger _110_append_only before truncate on ops.audit_details
  for each statement execute function base.tg__append_only();
create trigger _100_append_only before update or delete on ops.audit_erasures
  for each row execute function base.tg__append_only();
create trigger _110_append_only before truncate on ops.audit_erasures
  for each statement execute function base.tg__append_only();
create trigger _100_append_only before update or delete on ops.audit_seals
  for each row execute function base.tg__append_only();
create trigger _110_append_only before truncate on ops.audit_seals
  for each statement execute function base.tg__append_only();

-- The trail is written by one function only. Its owner may insert and may not read back other users' rows.
create function ops.write_audit(
  p_action      text,
  p_entity_type text,
  p_entity_id   text,
  p_user_id     uuid default null,
  p_difference  jsonb default '{}'
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id      uuid := base.new_id();
  v_salt    bytea := ext.gen_random_bytes(16);
  v_address inet := base.request_context(3)::inet;
  v_agent   text := base.request_context(4);
begin
  insert into ops.audit_logs
    (id, actor_id, api_key_id, user_id, action, entity_type, entity_id, changed, request_id, detail_digest)
  values
    (v_id, base.current_user_id(), base.request_context(5)::uuid, p_user_id, p_action, p_entity_type, p_entity_id,
     array(select k from jsonb_object_keys(p_difference) k order by k),
     base.request_context(2),
     sha256(v_salt || convert_to(concat_ws(E'\x1f', v_address, v_agent, p_difference), 'UTF8')));

  insert into ops.audit_details (audit_id, user_id, salt, address, user_agent, difference)
  values (v_id, p_user_id, v_salt, v_address, v_agent, p_difference);

  insert into ops.audit_unsealed (audit_id) values (v_id);
end
$$;

comment on function ops.write_audit(text, text, text, uuid, jsonb) is
  'Adds one row to the audit trail, in the transaction of what it tells about';
grant execute on function ops.write_audit(text, text, text, uuid, jsonb) to plinth_system, plinth_operator;

create function ops.tg__audit()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before  jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) else '{}' end;
  v_after   jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) else '{}' end;
  v_row     jsonb := case when tg_op = 'DELETE' then v_before else v_after end;
  v_secret  text[] := coalesce(tg_argv[2], '{}')::text[];
  v_changes jsonb;
begin
  -- A secret column is named among the changed ones, its value is not kept. NULL is told by leaving the side out
  -- (jsonb_strip_nulls would reach into the value, too).
  select coalesce(jsonb_object_agg(k.name, case
           when k.name = any (v_secret) then '{}'::jsonb
           else case when v_before -> k.name <> 'null' then jsonb_build_object('before', v_before -> k.name) else '{}' end
             || case when v_after -> k.name <> 'null' then jsonb_build_object('after', v_after -> k.name) else '{}' end
         end), '{}')
    into v_changes
    from jsonb_object_keys(v_before || v_after) as k (name)
   where coalesce(v_before -> k.name, 'null') <> coalesce(v_after -> k.name, 'null')
     and k.name not in ('updated_at', 'version');

  if v_changes <> '{}' then
    perform ops.write_audit(
      lower(tg_op), format('%s.%s', tg_table_schema, tg_table_name), v_row ->> tg_argv[0],
      (v_row ->> tg_argv[1])::uuid, v_changes);
  end if;
  return null;
end
$$;

comment on function ops.tg__audit() is
  'Arguments: id column, user column, array of secret columns. Writes the difference between old and new row to the trail';

do $$
declare
  v_table text;
begin
  foreach v_table in array array['audit_logs', 'audit_details', 'audit_erasures', 'audit_unsealed', 'audit_seals'] loop
    execute format('alter table ops.%I enable row level security', v_table);
    execute format('alter table ops.%I force row level security', v_table);
    execute format('create policy operator_read on ops.%I for select to plinth_operator using (true)', v_table);
    execute format('grant select on ops.%I to plinth_operator', v_table);
  end loop;
end $$;

create policy owner_insert on ops.audit_logs for insert to plinth_owner with check (true);
create policy owner_insert on ops.audit_details for insert to plinth_owner with check (true);
create policy owner_insert on ops.audit_unsealed for insert to plinth_owner with check (true);
create policy owner_read on ops.audit_erasures for select to plinth_owner using (true);
create policy own_rows on ops.audit_logs for select to plinth_owner using (user_id = (select base.current_user_id()));
create policy own_rows on ops.audit_details for select to plinth_owner using (user_id = (select base.current_user_id()));

-- Sealing, checking, searching and erasing look across users.
create policy system_read on ops.audit_logs for select to plinth_system using (true);
create policy system_read on ops.audit_details for select to plinth_system using (true);
create policy system_delete on ops.audit_details for delete to plinth_system using (true);
create policy system_read on ops.audit_erasures for select to plinth_system using (true);
create policy system_insert on ops.audit_erasures for insert to plinth_system with check (true);
create policy system_read on ops.audit_unsealed for select to plinth_system using (true);
create policy system_delete on ops.audit_unsealed for delete to plinth_system using (true);
create policy system_read on ops.audit_seals for select to plinth_system using (true);
create policy system_insert on ops.audit_seals for insert to plinth_system with check (true);
grant select on ops.audit_logs to plinth_system;
grant select, delete on ops.audit_details, ops.audit_unsealed to plinth_system;
grant select, insert on ops.audit_erasures, ops.audit_seals to plinth_system;

insert into ops.partitioned_tables (name) values ('ops.audit_logs'), ('ops.audit_details');
select ops.make_partition('ops.audit_logs', 'audit_logs_default', null, null),
       ops.make_partition('ops.audit_details', 'audit_details_default', null, null);
select ops.make_partitions();

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'audit_logs',     'local', 'written on the machine where it happened, read by operators'),
  ('ops', 'audit_details',  'local', 'beside its row'),
  ('ops', 'audit_erasures', 'local', 'beside its row'),
  ('ops', 'audit_unsealed', 'local', 'beside its row'),
  ('ops', 'audit_seals',    'local', 'each machine''s trail has its own chain');

-- Address and agent of a trail's row are those of whoever acted, who may be somebody else: never in an export.
insert into base.table_privacy (schema_name, table_name, on_erase, personal, hidden, neutral) values
  ('ops', 'audit_logs', 'keep', '{}', '{detail_digest}',
   '{acting_role,action,entity_type,entity_id,changed,request_id}'),
  ('ops', 'audit_details', 'delete', '{difference}', '{salt,address,user_agent}', '{}'),
  ('ops', 'audit_erasures', 'keep', '{}', '{}', '{reason}');

-- How the jobs of http.jobs went. Apart from the registry, because a deploy makes that anew.
create table ops.job_runs (
  name        text not null,
  next_run_at timestamptz not null default now(),
  finished_at timestamptz,
  seconds     double precision,
  rows        integer,
  failures    integer not null default 0,
  error       text,
  constraint job_runs_pkey primary key (name)
);

comment on table ops.job_runs is 'How each job last went, and when it is due; its row is locked while it runs';
comment on column ops.job_runs.name is 'The job';
comment on column ops.job_runs.next_run_at is 'When it is due';
comment on column ops.job_runs.finished_at is 'When it last ended well';
comment on column ops.job_runs.seconds is 'How long that took';
comment on column ops.job_runs.rows is 'How many rows it worked on';
comment on column ops.job_runs.failures is 'Failures in a row; each doubles the wait, up to an hour';
comment on column ops.job_runs.error is 'What the last failure said; NULL after a success';

grant select on ops.job_runs to plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'job_runs', 'local', 'each machine does its own work');

-- db/schema/040_mail.sql

-- ops: mail. Written in the transaction of what causes it, sent later by a worker, so that neither exists without the
-- other. The token of a link waits here encrypted, with a key that no dump and no login without it has, and is removed
-- when the message is sent.

create table ops.mail_kinds (
  kind           text not null,
  description    text not null,
  token_lifetime interval,
  keeps_older    boolean not null default false,
  constraint mail_kinds_pkey primary key (kind),
  constraint mail_kinds_kind_check check (kind ~ '^[a-z][a-z0-9_]{2,39}$'),
  constraint mail_kinds_token_lifetime_check check (token_lifetime between '1 minute' and '30 days')
);

comment on table ops.mail_kinds is 'Which messages there are, and which of them bring a link';
comment on column ops.mail_kinds.kind is 'Name; a link''s one-time token is of the same kind';
comment on column ops.mail_kinds.description is 'When it is sent, and to whom';
comment on column ops.mail_kinds.token_lifetime is 'How long its link works; NULL: it brings none';
comment on column ops.mail_kinds.keeps_older is 'Whether earlier links of this kind go on working beside a new one';

create table ops.mail_texts (
  kind     text not null,
  language text not null,
  subject  text not null,
  body     text not null,
  constraint mail_texts_pkey primary key (kind, language),
  constraint mail_texts_kind_fkey foreign key (kind) references ops.mail_kinds (kind) on delete cascade,
  constraint mail_texts_language_check check (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
  constraint mail_texts_subject_check check (length(subject) between 1 and 200 and subject !~ '[[:cntrl:]]'),
  constraint mail_texts_body_check check (length(body) between 1 and 20000)
);

comment on table ops.mail_texts is 'What the messages say, per language; {name} is replaced by a value';
comment on column ops.mail_texts.kind is 'Which message';
comment on column ops.mail_texts.language is 'Language tag such as en or pt-BR; en is there for every kind';
comment on column ops.mail_texts.subject is 'Subject';
comment on column ops.mail_texts.body is
  'Plain text. Known are {public_url}, {username}, {address}, of a link {token}, {days}, {hours}, {minutes}, and the payload';

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('mail.attempts',  '20', 'integer', 1,    100,  'Attempts after which a message is given up'),
  ('mail.keep_days', '30', 'integer', 1,    3650, 'Days after which a message that was sent or given up is removed'),
  ('mail.language',  'en', 'text',    null, null, 'Language of messages; en where a text is not there in it');

create table ops.outbox (
  user_id         uuid not null,
  id              uuid not null default base.new_id(),
  kind            text not null,
  language        text not null,
  address         text not null,
  payload         jsonb not null default '{}',
  token_id        uuid,
  token_encrypted bytea,
  dedup           text,
  created_at      timestamptz not null default now(),
  attempts        integer not null default 0,
  next_attempt_at timestamptz not null default clock_timestamp(),
  last_error      text,
  sent_at         timestamptz,
  given_up_at     timestamptz,
  constraint outbox_pkey primary key (user_id, id),
  constraint outbox_kind_fkey foreign key (kind) references ops.mail_kinds (kind) on delete restrict,
  constraint outbox_dedup_key unique (user_id, kind, dedup),
  constraint outbox_address_check check (length(address) <= 254 and address ~ '^[^@]+@[^@]+$'
                                         and address !~ '[[:space:][:cntrl:]<>(),;:\\"\[\]]'),
  constraint outbox_payload_check check (jsonb_typeof(payload) = 'object' and octet_length(payload::text) <= 4096),
  constraint outbox_end_check check (sent_at is null or given_up_at is null),
  constraint outbox_token_encrypted_check check (token_encrypted is null or sent_at is null and given_up_at is null)
);

comment on table ops.outbox is 'Messages to users: waiting, sent, or given up';
comment on column ops.outbox.user_id is 'The user it is about, who gets it';
comment on column ops.outbox.id is 'Ordered by time; its Message-ID, so that a message sent twice is known as one';
comment on column ops.outbox.kind is 'Which message';
comment on column ops.outbox.language is 'Language it was meant to be in';
comment on column ops.outbox.address is 'Where it goes, as it was when the message was caused';
comment on column ops.outbox.payload is 'Values its text and its link need; never a secret';
comment on column ops.outbox.token_id is 'The one-time token of its link';
comment on column ops.outbox.token_encrypted is 'That token''s text, encrypted; NULL as soon as it is sent or given up';
comment on column ops.outbox.dedup is 'A second message of the same kind with the same text here is not written';
comment on column ops.outbox.created_at is 'When it was caused';
comment on column ops.outbox.attempts is 'How often it was handed to a worker; numbers the attempt under way';
comment on column ops.outbox.next_attempt_at is
  'When it is due; whoever takes it moves this ahead, so that a message of a worker that died comes back';
comment on column ops.outbox.last_error is 'What the last attempt failed of';
comment on column ops.outbox.sent_at is 'When the mail server took it';
comment on column ops.outbox.given_up_at is 'When it was given up';

create index outbox_due_idx on ops.outbox (next_attempt_at) where sent_at is null and given_up_at is null;
comment on index ops.outbox_due_idx is 'For http.claim_mail';
create index outbox_done_idx on ops.outbox (created_at) where sent_at is not null or given_up_at is not null;
comment on index ops.outbox_done_idx is 'For core.cleanup_outbox';
create index outbox_kind_idx on ops.outbox (kind);
comment on index ops.outbox_kind_idx is 'For the foreign key';
create index outbox_token_id_idx on ops.outbox (user_id, token_id);
comment on index ops.outbox_token_id_idx is 'For the foreign key';

alter table ops.outbox enable row level security;
alter table ops.outbox force row level security;
create policy own_rows on ops.outbox to plinth_owner using (user_id = (select base.current_user_id()));
create policy operator_read on ops.outbox for select to plinth_operator using (true);
-- Messages are written before there is a caller, and sent for everybody.
create policy system_read on ops.outbox for select to plinth_system using (true);
create policy system_insert on ops.outbox for insert to plinth_system with check (true);
create policy system_update on ops.outbox for update to plinth_system using (true);
create policy system_delete on ops.outbox for delete to plinth_system using (true);
grant select, insert, update, delete on ops.outbox to plinth_system;
grant select on ops.mail_kinds to plinth_system;
grant select, insert, update on ops.mail_texts to plinth_system;
grant select on ops.mail_kinds, ops.mail_texts, ops.outbox to plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'mail_kinds', 'reference', 'the same messages everywhere'),
  ('ops', 'mail_texts', 'reference', 'the same texts everywhere'),
  ('ops', 'outbox',     'by-user',   'caused by one user''s transaction');
insert into base.table_privacy (schema_name, table_name, personal, hidden, neutral) values
  ('ops', 'outbox', '{address,payload,dedup,last_error}', '{token_encrypted}', '{kind,language}');

-- Mail to an address nobody has proved to own says nothing that a stranger chose, not even the username: a mail
-- program would make a link of it.
insert into ops.mail_kinds (kind, description, token_lifetime, keeps_older) values
  ('verify_email',     'To an address that an account wants to use: after registration, on request, before a change',
   '24 hours', false),
  ('reset_password',   'To the account''s address, on request', '30 minutes', false),
  ('password_changed', 'To the account''s address, after every change of the password', null, false),
  ('email_changed',    'To the address an account had until now, if it was verified', '7 days', true),
  ('registration_with_your_address', 'To the owner of an address that somebody registered again', null, false),
  ('account_deleted',  'To the account''s address, when its owner deleted it', '30 days', false),
  ('change_to_your_address', 'To the owner of an address that another account wanted to change to', null, false);

insert into ops.mail_texts (kind, language, subject, body) values
  ('verify_email', 'en', 'Confirm your e-mail address',
'Hello,

somebody, we think you, gave this address for an account. To confirm it, open

{public_url}/account#verify-email={token}

The link works once, for {hours} hours. If it was not you, do nothing: without the link nothing happens.
'),
  ('reset_password', 'en', 'Choose a new password',
'Hello,

a new password was asked for, for your account. To choose one, open

{public_url}/account#reset-password={token}

The link works once, for {minutes} minutes. If it was not you, do nothing: your password stays as it is.
'),
  ('password_changed', 'en', 'Your password was changed',
'Hello,

the password of your account was changed, and it was signed out everywhere.

If it was not you, choose a new password at once:

{public_url}/account#forgot-password
'),
  ('email_changed', 'en', 'Your e-mail address was changed',
'Hello,

your account {username} has another e-mail address from now on: {new_address}

If it was not you, take it back with

{public_url}/account#revert-email={token}

That works once, for {days} days. It restores this address, signs out everywhere, and makes the password void: the
link for a new one comes in another mail.
'),
  ('registration_with_your_address', 'en', 'You have an account already',
'Hello,

somebody, perhaps you, tried to register an account with this address. There is one already, and nothing was changed.

If you forgot the password, choose a new one:

{public_url}/account#forgot-password

If it was not you, do nothing.
'),
  ('account_deleted', 'en', 'Your account was deleted',
'Hello,

your account was deleted, and it was signed out everywhere. After a while everything that is kept with it is erased.

To have it back, open

{public_url}/account#restore-account={token}

The link works once, for {days} days at most.
'),
  ('change_to_your_address', 'en', 'This address belongs to your account',
'Hello,

somebody, perhaps you, wanted to use this address for another account. It belongs to yours, and nothing was changed.

If it was not you, do nothing.
');

-- db/schema/100_auth.sql

-- auth: who people are. Accounts, how they are found, what they may do, and where they are signed in.

create table auth.tiers (
  name        text not null,
  rank        integer not null,
  description text not null,
  constraint tiers_pkey primary key (name),
  constraint tiers_rank_key unique (rank)
);

comment on table auth.tiers is 'Plans an account can be on';
comment on column auth.tiers.name is 'Name';
comment on column auth.tiers.rank is 'Order, lowest first';
comment on column auth.tiers.description is 'What it is for';

insert into auth.tiers (name, rank, description) values
  ('free',       10, 'For trying out'),
  ('pro',        20, 'For a person who works with it'),
  ('enterprise', 30, 'For an organisation');

create table auth.permissions (
  name        text not null,
  description text not null,
  constraint permissions_pkey primary key (name),
  constraint permissions_name_check check (name ~ '^[a-z][a-z_]*:[a-z][a-z_]*$')
);

comment on table auth.permissions is 'Every permission there is; roles, routes and functions name no other';
comment on column auth.permissions.name is 'noun:verb';
comment on column auth.permissions.description is 'What it lets its holder do';

insert into auth.permissions (name, description) values
  ('self:read',      'See what is one''s own'),
  ('self:write',     'Change what is one''s own'),
  ('teams:write',    'Make teams and share with people and teams'),
  ('keys:write',     'Make and revoke one''s own API keys'),
  ('usage:read',     'See one''s own usage'),
  ('users:read',     'See every account'),
  ('users:write',    'Make, change, suspend and delete accounts'),
  ('users:export',   'Take along everything that is held of another person'),
  ('roles:read',     'See roles, and who has which'),
  ('roles:write',    'Change roles, assign them and take them back'),
  ('audit:read',     'Read the audit trail'),
  ('settings:read',  'See the settings'),
  ('settings:write', 'Change the settings');

create table auth.roles (
  name        text not null,
  description text not null,
  permissions jsonb not null default '[]',
  built_in    boolean not null default false,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  version     integer not null default 1,
  constraint roles_pkey primary key (name),
  constraint roles_name_check check (name ~ '^[a-z][a-z0-9_-]{1,39}$'),
  constraint roles_description_check check (length(description) between 1 and 500),
  constraint roles_permissions_check check (jsonb_typeof(permissions) = 'array')
);

comment on table auth.roles is 'Roles an account can have, each with its permissions';
comment on column auth.roles.name is 'Name';
comment on column auth.roles.description is 'Who has it';
comment on column auth.roles.permissions is 'Array of names in auth.permissions; "*" is every permission';
comment on column auth.roles.built_in is 'Whether Plinth counts on it: such a role is never deleted';
comment on column auth.roles.created_at is 'When it was made';
comment on column auth.roles.updated_at is 'When it last changed';
comment on column auth.roles.version is 'Grows with every change; for optimistic updates';

create function auth.tg_roles__check_permissions()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_unknown text;
begin
  select p.name into v_unknown
    from jsonb_array_elements(new.permissions) as e (item)
   cross join lateral (select coalesce(e.item #>> '{}', 'null') as name) p
   where jsonb_typeof(e.item) <> 'string'
      or p.name <> '*' and not exists (select from auth.permissions k where k.name = p.name)
   limit 1;
  if found then
    perform base.raise('VL001', format('There is no permission %s', left(v_unknown, 100)), 'permissions');
  end if;
  return new;
end
$$;

comment on function auth.tg_roles__check_permissions() is
  'Refuses a permission that is none: a typo would silently permit nothing';

create trigger _100_check_permissions before insert or update of permissions on auth.roles
  for each row execute function auth.tg_roles__check_permissions();
insert into auth.roles (name, description, permissions, built_in) values
  ('administrator', 'Runs the installation',     '["*"]', true),
  ('developer',     'Builds on it',              '["self:read", "self:write", "teams:write", "keys:write", "usage:read"]', true),
  ('user',          'Uses what others built',    '["self:read", "self:write", "teams:write"]', true),
  ('readonly',      'Looks and changes nothing', '["self:read"]', true);

create trigger _200_touch before update of description, permissions on auth.roles
  for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _800_audit after insert or delete or update of description, permissions on auth.roles
  for each row execute function ops.tg__audit('name', 'user_id');
-- Answers of routes that ask for a permission hang on this tag: whoever has the role is asked again, everywhere.
create trigger _900_touch_tag after update of permissions on auth.roles
  for each row when (old.permissions <> new.permissions) execute function base.tg__touch_tag('permissions');

create table auth.users (
  id                 uuid not null default base.new_id(),
  username           text not null,
  email              text not null,
  email_verified     boolean not null default false,
  password_hash      text,
  full_name          text,
  avatar_url         text,
  bio                text,
  status             text not null default 'active',
  tier               text not null default 'free',
  roles              text[] not null default '{}',
  two_factor_enabled boolean not null default false,
  metadata           jsonb not null default '{}',
  last_login_at      timestamptz,
  login_count        integer not null default 0,
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  deleted_at         timestamptz,
  erase_after        timestamptz,
  version            integer not null default 1,
  constraint users_pkey primary key (id),
  constraint users_tier_fkey foreign key (tier) references auth.tiers (name) on delete restrict,
  constraint users_username_check check (username ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{1,38}[A-Za-z0-9]$' and username !~ '[_.-]{2}'),
  constraint users_email_check check (length(email) <= 254 and email ~ '^[^@]+@[^@]+$'
                                      and email !~ '[[:space:][:cntrl:]<>(),;:\\"\[\]]'),
  constraint users_full_name_check check (length(full_name) <= 200),
  constraint users_avatar_url_check check (length(avatar_url) <= 2000),
  constraint users_bio_check check (length(bio) <= 2000),
  constraint users_status_check check (status in ('active', 'suspended', 'deleted', 'erased')),
  constraint users_deleted_at_check check ((status in ('deleted', 'erased')) = (deleted_at is not null)),
  constraint users_erase_after_check check ((status = 'deleted') = (erase_after is not null)),
  constraint users_metadata_check check (jsonb_typeof(metadata) = 'object')
);

comment on table auth.users is 'Accounts';
comment on column auth.users.id is 'The user everywhere; made here or by the caller who registers';
comment on column auth.users.username is 'Name to sign in with, as its owner writes it; unique without regard to case';
comment on column auth.users.email is 'Address, as its owner writes it; unique without regard to case';
comment on column auth.users.email_verified is 'Whether the owner proved to receive mail there';
comment on column auth.users.password_hash is
  'Self-describing: p<pepper version>$ before a bcrypt hash over the peppered password, or an imported format';
comment on column auth.users.full_name is 'Name for display';
comment on column auth.users.avatar_url is 'Picture';
comment on column auth.users.bio is 'About the user, in the user''s words';
comment on column auth.users.status is
  'active, suspended, deleted (can be restored) or erased (only the id is left); only active accounts can sign in';
comment on column auth.users.tier is 'Plan';
comment on column auth.users.roles is 'Names of the roles in auth.user_roles, kept equal by a trigger';
comment on column auth.users.two_factor_enabled is 'Whether a second factor is asked for';
comment on column auth.users.metadata is 'Whatever the application wants to keep with the account';
comment on column auth.users.last_login_at is 'Last successful sign-in';
comment on column auth.users.login_count is 'Successful sign-ins';
comment on column auth.users.created_at is 'When it was registered';
comment on column auth.users.updated_at is 'When the profile last changed';
comment on column auth.users.deleted_at is 'When it was deleted';
comment on column auth.users.erase_after is 'Until when a deleted account can be restored; then it is erased';
comment on column auth.users.version is 'Grows with every change of the profile; for optimistic updates';

create index users_tier_idx on auth.users (tier, created_at, id);
comment on index auth.users_tier_idx is 'For the foreign key, and list_users of a plan';
create index users_status_idx on auth.users (status, created_at, id) where status <> 'active';
comment on index auth.users_status_idx is 'For list_users of the few that are not active';
create index users_erase_after_idx on auth.users (erase_after) where erase_after is not null;
comment on index auth.users_erase_after_idx is 'For core.erase_deleted_users';
create index users_created_at_idx on auth.users (created_at, id);
comment on index auth.users_created_at_idx is 'For v_active_users and list_users, newest first';
create index users_username_idx on auth.users (lower(username), id);
comment on index auth.users_username_idx is 'For list_users by name';
create index users_last_login_at_idx on auth.users (coalesce(last_login_at, timestamptz 'epoch'), id);
comment on index auth.users_last_login_at_idx is 'For list_users by last sign-in';
create index users_roles_idx on auth.users using gin (roles);
comment on index auth.users_roles_idx is 'For list_users of a role';
create index users_search_idx on auth.users
  using gin (lower(username || ' ' || email || ' ' || coalesce(full_name, '')) ext.gin_trgm_ops);
comment on index auth.users_search_idx is 'For the search of list_users: any part of name or address';

-- Deleted or not: the dates follow the status, whoever sets it. The date of the erasure is fixed here, so that a
-- setting changed later breaks no promise.
create function auth.tg_users__keep_dates()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  new.deleted_at := case when new.status in ('deleted', 'erased') then coalesce(new.deleted_at, clock_timestamp()) end;
  new.erase_after := case when new.status = 'deleted' then coalesce(new.erase_after,
    new.deleted_at + make_interval(days => base.setting('account.grace_days')::integer)) end;
  return new;
end
$$;

comment on function auth.tg_users__keep_dates() is 'Sets and clears deleted_at and erase_after as the status says';

create trigger _050_keep_dates before insert or update of status on auth.users
  for each row execute function auth.tg_users__keep_dates();

create trigger _100_touch
  before update of username, email, email_verified, password_hash, full_name, avatar_url, bio, status, tier,
                   two_factor_enabled, metadata, deleted_at
  on auth.users for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _800_audit
  after insert or delete or update of username, email, email_verified, password_hash, full_name, avatar_url, bio, status,
                   tier, two_factor_enabled, metadata, deleted_at
  on auth.users for each row execute function ops.tg__audit('id', 'id', '{password_hash}');
create trigger _900_touch_tag
  after delete or update of username, email, email_verified, full_name, avatar_url, bio, status, tier,
                   two_factor_enabled, metadata, deleted_at
  on auth.users for each row execute function base.tg__touch_tag('profile', 'id');

-- How an account is found, and what makes username and e-mail unique: one key space, lower-case. A username has no @,
-- so the two kinds never meet. On several machines this table is the directory.
create table auth.logins (
  login   text not null,
  kind    text not null,
  user_id uuid not null,
  constraint logins_pkey primary key (login),
  constraint logins_user_id_kind_key unique (user_id, kind),
  constraint logins_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint logins_kind_check check (kind in ('username', 'email')),
  constraint logins_login_check check (login = lower(login))
);

comment on table auth.logins is 'Directory: what people sign in with, and whose it is';
comment on column auth.logins.login is 'Username or e-mail, in lower case';
comment on column auth.logins.kind is 'username or email';
comment on column auth.logins.user_id is 'The account';

create function auth.tg_users__keep_logins()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- An erased account is found by its id only; its names are free again.
  if new.status = 'erased' then
    delete from auth.logins l where l.user_id = new.id;
    return null;
  end if;

  insert into auth.logins (login, kind, user_id)
  values (lower(new.username), 'username', new.id), (lower(new.email), 'email', new.id)
  on conflict (user_id, kind) do update set login = excluded.login
   where logins.login <> excluded.login;
  return null;
end
$$;

comment on function auth.tg_users__keep_logins() is
  'Keeps the directory equal to the account; a taken login fails here, on logins_pkey';

create trigger _200_keep_logins
  after insert or update of username, email, status on auth.users
  for each row execute function auth.tg_users__keep_logins();

create table auth.user_roles (
  user_id     uuid not null,
  role        text not null,
  assigned_by uuid,
  assigned_at timestamptz not null default now(),
  constraint user_roles_pkey primary key (user_id, role),
  constraint user_roles_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint user_roles_role_fkey foreign key (role) references auth.roles (name) on delete restrict
);

comment on table auth.user_roles is 'Which account has which role';
comment on column auth.user_roles.user_id is 'The account';
comment on column auth.user_roles.role is 'The role';
comment on column auth.user_roles.assigned_by is 'The user who assigned it; NULL: registration or an operator';
comment on column auth.user_roles.assigned_at is 'When';

create index user_roles_role_idx on auth.user_roles (role);
comment on index auth.user_roles_role_idx is 'For the foreign key, and to find the administrators';

-- A copy beside the account costs its readers nothing; asking for it was a tenth of the smallest request.
create function auth.tg_user_roles__keep_roles()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user uuid := coalesce(new.user_id, old.user_id);
begin
  -- Locked before its roles are read: of two changes at once, the second sees the first.
  perform from auth.users u where u.id = v_user for no key update;
  update auth.users u
     set roles = array(select r.role from auth.user_roles r where r.user_id = v_user order by r.role)
   where u.id = v_user;
  return null;
end
$$;

comment on function auth.tg_user_roles__keep_roles() is 'Keeps the roles shown with an account equal to those it has';

create trigger _200_keep_roles after insert or update or delete on auth.user_roles
  for each row execute function auth.tg_user_roles__keep_roles();
create trigger _800_audit after insert or update or delete on auth.user_roles
  for each row execute function ops.tg__audit('user_id', 'user_id');
create trigger _900_touch_tag after insert or update or delete on auth.user_roles
  for each row execute function base.tg__touch_tag('profile', 'user_id');

-- A signed-in user's cached answers hang on the tag sessions: with other roles, everything is asked again.
create trigger _910_touch_sessions after insert or update or delete on auth.user_roles
  for each row execute function base.tg__touch_tag('sessions', 'user_id');

create function auth.tg__keep_an_administrator()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user uuid := (to_jsonb(old) ->> tg_argv[0])::uuid;
begin
  -- A change that changes nothing: two administrators who remove each other meet on this row, and the second sees what
  -- the first did, or fails to serialize.
  update auth.roles r set name = r.name where r.name = 'administrator';

  if exists (select from auth.users u where u.id = v_user and u.status = 'active')
     and not exists (
       select from auth.user_roles o
         join auth.users u on u.id = o.user_id and u.status = 'active'
        where o.role = 'administrator' and o.user_id <> v_user)
  then
    perform base.raise('KC003', 'The last administrator stays: appoint another first');
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end
$$;

comment on function auth.tg__keep_an_administrator() is
  'Argument: the column that holds the user. Refuses what would leave no active administrator, whoever asks';

create trigger _050_keep_an_administrator before delete or update of user_id, role on auth.user_roles
  for each row when (old.role = 'administrator')
  execute function auth.tg__keep_an_administrator('user_id');
create trigger _050_keep_an_administrator before update of status on auth.users
  for each row when (old.status = 'active' and new.status <> 'active' and 'administrator' = any (old.roles))
  execute function auth.tg__keep_an_administrator('id');
create trigger _060_keep_an_administrator before delete on auth.users
  for each row when ('administrator' = any (old.roles))
  execute function auth.tg__keep_an_administrator('id');

create table auth.sessions (
  user_id            uuid not null,
  id                 uuid not null default base.new_id(),
  token_hash         bytea not null,
  refresh_hash       bytea not null,
  address            inet,
  user_agent         text,
  created_at         timestamptz not null default now(),
  last_seen_at       timestamptz not null default now(),
  expires_at         timestamptz not null,
  refresh_expires_at timestamptz not null,
  stepped_up_at      timestamptz,
  ended_at           timestamptz,
  end_reason         text,
  constraint sessions_pkey primary key (user_id, id),
  constraint sessions_token_hash_key unique (token_hash),
  constraint sessions_refresh_hash_key unique (refresh_hash),
  constraint sessions_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint sessions_token_hash_check check (length(token_hash) = 32),
  constraint sessions_refresh_hash_check check (length(refresh_hash) = 32),
  constraint sessions_end_check check ((ended_at is null) = (end_reason is null))
);

comment on table auth.sessions is 'Where people are signed in. Tokens are random; only their SHA-256 is here';
comment on column auth.sessions.user_id is 'The account';
comment on column auth.sessions.id is 'Names the session to its owner; worthless as a token';
comment on column auth.sessions.token_hash is 'SHA-256 of the session token';
comment on column auth.sessions.refresh_hash is 'SHA-256 of the refresh token in force';
comment on column auth.sessions.address is 'Address at sign-in';
comment on column auth.sessions.user_agent is 'Client at sign-in';
comment on column auth.sessions.created_at is 'When it began';
comment on column auth.sessions.last_seen_at is
  'When it began or was last refreshed: no request has to write to say that it was here';
comment on column auth.sessions.expires_at is 'When the session token stops working';
comment on column auth.sessions.refresh_expires_at is 'When the refresh token stops working, and with it the session';
comment on column auth.sessions.stepped_up_at is
  'When the holder of the session token last showed all the account asks for; NULL: not since the token was made';
comment on column auth.sessions.ended_at is 'When it was ended before its time';
comment on column auth.sessions.end_reason is 'Why';

create index sessions_live_idx on auth.sessions (user_id, created_at) where ended_at is null;
comment on index auth.sessions_live_idx is
  'For list_sessions, the limit per user, and ending all of a user''s sessions';

create index sessions_refresh_expires_at_idx on auth.sessions (refresh_expires_at);
comment on index auth.sessions_refresh_expires_at_idx is 'For core.delete_dead_sessions: what ran out';
create index sessions_ended_at_idx on auth.sessions (ended_at) where ended_at is not null;
comment on index auth.sessions_ended_at_idx is 'For core.delete_dead_sessions: what was ended';

-- A new session changes nothing that is cached; an ended one does, at once and everywhere. One that was dead already
-- may be removed without a word.
create trigger _900_touch_tag after update of token_hash, ended_at, expires_at on auth.sessions
  for each row execute function base.tg__touch_tag('sessions', 'user_id');
create trigger _910_touch_tag after delete on auth.sessions
  for each row when (old.ended_at is null and old.expires_at > now())
  execute function base.tg__touch_tag('sessions', 'user_id');

-- A refresh token works once. Those that were spent are known as long as their session lives, because one that comes
-- back was copied.
create table auth.spent_refresh_tokens (
  user_id    uuid not null,
  token_hash bytea not null,
  session_id uuid not null,
  spent_at   timestamptz not null default clock_timestamp(),
  constraint spent_refresh_tokens_pkey primary key (user_id, token_hash),
  constraint spent_refresh_tokens_token_hash_key unique (token_hash),
  constraint spent_refresh_tokens_session_id_fkey
    foreign key (user_id, session_id) references auth.sessions (user_id, id) on delete cascade,
  constraint spent_refresh_tokens_token_hash_check check (length(token_hash) = 32)
);

comment on table auth.spent_refresh_tokens is 'Refresh tokens that were used: one that comes back ends its session';
comment on column auth.spent_refresh_tokens.user_id is 'The account';
comment on column auth.spent_refresh_tokens.token_hash is 'SHA-256 of the token';
comment on column auth.spent_refresh_tokens.session_id is 'The session it was of';
comment on column auth.spent_refresh_tokens.spent_at is 'When it was used';

create index spent_refresh_tokens_session_id_idx on auth.spent_refresh_tokens (user_id, session_id);
comment on index auth.spent_refresh_tokens_session_id_idx is 'For the foreign key';

create function auth.tg_users__end_sessions()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update auth.sessions s
     set ended_at = clock_timestamp(), end_reason = 'account ' || new.status
   where s.user_id = new.id and s.ended_at is null;
  return null;
end
$$;

comment on function auth.tg_users__end_sessions() is
  'An account that is not active has no session, from the same commit on';

create trigger _300_end_sessions after update of status on auth.users
  for each row when (new.status <> 'active' and old.status is distinct from new.status)
  execute function auth.tg_users__end_sessions();

------------------------------------------------------------------------------------------------------------------
-- Row policies: the owner's functions see the rows of the user they act for, operators may look, and plinth_system
-- has exactly the verbs its reviewed functions need.
------------------------------------------------------------------------------------------------------------------

do $$
declare
  v_table text;
begin
  foreach v_table in array array['users', 'logins', 'user_roles', 'sessions', 'spent_refresh_tokens'] loop
    execute format('alter table auth.%I enable row level security', v_table);
    execute format('alter table auth.%I force row level security', v_table);
    execute format('create policy operator_read on auth.%I for select to plinth_operator using (true)', v_table);
    execute format('grant select on auth.%I to plinth_operator', v_table);
  end loop;

  foreach v_table in array array['logins', 'user_roles', 'sessions', 'spent_refresh_tokens'] loop
    execute format('create policy own_rows on auth.%I to plinth_owner using (user_id = (select base.current_user_id()))',
                   v_table);
  end loop;
end $$;

create policy own_rows on auth.users to plinth_owner using (id = (select base.current_user_id()));

-- Registration and sign-in happen before there is a caller; views and sign-in look across users.
create policy system_read on auth.users for select to plinth_system using (true);
create policy system_insert on auth.users for insert to plinth_system with check (true);
create policy system_update on auth.users for update to plinth_system using (true);
create policy system_read on auth.logins for select to plinth_system using (true);
create policy system_insert on auth.logins for insert to plinth_system with check (true);
create policy system_update on auth.logins for update to plinth_system using (true);
create policy system_read on auth.user_roles for select to plinth_system using (true);
create policy system_insert on auth.user_roles for insert to plinth_system with check (true);
create policy system_delete on auth.user_roles for delete to plinth_system using (true);
create policy system_read on auth.sessions for select to plinth_system using (true);
create policy system_insert on auth.sessions for insert to plinth_system with check (true);
create policy system_update on auth.sessions for update to plinth_system using (true);
create policy system_delete on auth.sessions for delete to plinth_system using (true);
create policy system_read on auth.spent_refresh_tokens for select to plinth_system using (true);
create policy system_insert on auth.spent_refresh_tokens for insert to plinth_system with check (true);

grant select, insert, update on auth.users, auth.logins, auth.sessions to plinth_system;
grant delete on auth.sessions to plinth_system;
grant select, insert on auth.spent_refresh_tokens to plinth_system;
grant select, insert, delete on auth.user_roles to plinth_system;
grant select on auth.tiers, auth.permissions, auth.roles to plinth_system, plinth_operator;
grant update on auth.roles to plinth_system;

-- Sessions end when an account does, roles show where the account does, and an administrator stays, whoever changes
-- them: by these functions, as plinth_system.
grant create on schema auth to plinth_system;
alter function auth.tg_users__end_sessions() owner to plinth_system;
alter function auth.tg_user_roles__keep_roles() owner to plinth_system;
alter function auth.tg__keep_an_administrator() owner to plinth_system;
revoke create on schema auth from plinth_system;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('auth', 'tiers',      'reference', 'the same plans everywhere'),
  ('auth', 'permissions', 'reference', 'the same permissions everywhere'),
  ('auth', 'roles',      'reference', 'the same roles everywhere'),
  ('auth', 'users',      'by-user',   'the user itself: its id is the key'),
  ('auth', 'logins',     'directory', 'usernames and addresses are unique everywhere'),
  ('auth', 'user_roles', 'by-user',   'a user''s roles are with the user'),
  ('auth', 'sessions',   'by-user',   'the token names the machine, the row is with the user'),
  ('auth', 'spent_refresh_tokens', 'by-user', 'beside its session');

insert into base.table_privacy (schema_name, table_name, on_erase, personal, hidden, neutral) values
  ('auth', 'logins',     'delete', '{login}', '{}', '{kind}'),
  ('auth', 'user_roles', 'delete', '{}', '{}', '{role}'),
  ('auth', 'sessions',   'delete', '{address,user_agent}', '{token_hash,refresh_hash}', '{end_reason}'),
  ('auth', 'spent_refresh_tokens', 'delete', '{}', '{token_hash}', '{}');
-- Of an erased account a row stays that names nobody: what must stay (a ledger) still refers to something, and nobody
-- can register with its id and inherit that.
insert into base.table_privacy (schema_name, table_name, user_column, on_erase, personal, hidden, neutral, erased) values
  ('auth', 'users', 'id', 'anonymise', '{username,email,full_name,avatar_url,bio,metadata}', '{password_hash}',
   '{status,tier,roles}',
   '{"username": "erased-{id}", "email": "erased-{id}@erased.invalid", "metadata": {}}');

-- db/schema/110_credentials.sql

-- auth: what guards the ways to prove who one is.

------------------------------------------------------------------------------------------------------------------
-- Attempts. One table counts four things: of a subject (a login, or a user's second factor) from one address, of a
-- subject from all addresses that never succeeded, of an address, and of all. It holds keyed digests only: whether
-- a login exists cannot be seen here, nor which it is, and unknown logins are counted like any other.
------------------------------------------------------------------------------------------------------------------

create table auth.attempts (
  kind         text not null,
  subject      bytea not null,
  address      bytea not null,
  failures     integer not null default 0,
  began_at     timestamptz not null default clock_timestamp(),
  failed_at    timestamptz,
  succeeded_at timestamptz,
  forget_at    timestamptz not null,
  constraint attempts_pkey primary key (kind, subject, address),
  constraint attempts_failures_check check (failures >= 0)
);

comment on table auth.attempts is
  'Failed attempts to prove who one is; refused before the work once there are too many';
comment on column auth.attempts.kind is 'What was tried: password, totp, …';
comment on column auth.attempts.subject is 'Keyed digest of the login or user; empty: the row counts for all of them';
comment on column auth.attempts.address is
  'Keyed digest of the address (IPv6: of its /64); empty: the row counts for all of them';
comment on column auth.attempts.failures is
  'Failures in a row; of an address, or of all, those of the running hour or minute';
comment on column auth.attempts.began_at is 'When the first of them was';
comment on column auth.attempts.failed_at is 'When the last of them was';
comment on column auth.attempts.succeeded_at is
  'When the subject last succeeded from the address: it is known there, and strangers do not hinder it';
comment on column auth.attempts.forget_at is 'From when on the row counts as if it were not there';

create index attempts_forget_at_idx on auth.attempts (forget_at);
comment on index auth.attempts_forget_at_idx is 'For core.clean_attempts';

grant select, insert, update, delete on auth.attempts to plinth_system;
grant select on auth.attempts to plinth_operator;

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('attempts.free',                '5',    'integer', 0, 1000,
   'Failures in a row, of one login from one address, before waiting begins; 0: nothing is counted'),
  ('attempts.password.first_wait', '30',   'integer', 1, 86400, 'Seconds of the first wait; each further failure doubles it'),
  ('attempts.totp.first_wait',     '900',  'integer', 1, 86400, 'The same for codes of the second factor'),
  ('attempts.recovery.first_wait', '900',  'integer', 1, 86400, 'The same for recovery codes'),
  ('attempts.longest_wait',        '3600', 'integer', 1, 86400, 'Seconds no wait exceeds'),
  ('attempts.stop',                '50',   'integer', 0, 1000000,
   'Failures in a row of one login from unknown addresses, after which only a new password helps; 0: never'),
  ('attempts.per_address',         '100',  'integer', 0, 1000000, 'Failures from one address within an hour; 0: any number'),
  ('attempts.overall',             '600',  'integer', 0, 1000000, 'Failures from everywhere within a minute; 0: any number');

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('auth', 'attempts', 'local', 'each machine counts what it is asked');

-- db/schema/115_second_factor.sql

-- auth: the second factor. One time-based code generator per account, and codes on paper for when it is lost.

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('totp.issuer', 'Plinth', 'text',    null, null, 'What authenticator apps show beside the username'),
  ('totp.window', '1',      'integer', 0,    2,    'Steps of 30 seconds that a code may be early or late; 0: none');

create table auth.totp (
  user_id          uuid not null,
  secret_encrypted bytea not null,
  created_at       timestamptz not null default now(),
  confirmed_at     timestamptz,
  last_step        bigint not null default 0,
  constraint totp_pkey primary key (user_id),
  constraint totp_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade
);

comment on table auth.totp is 'The second factor of an account: a time-based code (RFC 6238); asked for once it is confirmed';
comment on column auth.totp.user_id is 'The account';
comment on column auth.totp.secret_encrypted is 'Seed of 160 bits in base32, encrypted for the purpose totp:<user id>';
comment on column auth.totp.created_at is 'When it was begun';
comment on column auth.totp.confirmed_at is 'When a code showed that the seed arrived; NULL: not yet, and nobody is asked for it';
comment on column auth.totp.last_step is 'Step of the last code that was accepted; that one and older ones are refused';

create table auth.recovery_codes (
  user_id    uuid not null,
  code_hash  bytea not null,
  created_at timestamptz not null default now(),
  used_at    timestamptz,
  constraint recovery_codes_pkey primary key (user_id, code_hash),
  constraint recovery_codes_user_id_fkey foreign key (user_id) references auth.totp (user_id) on delete cascade,
  constraint recovery_codes_code_hash_check check (length(code_hash) = 32)
);

comment on table auth.recovery_codes is 'Codes that stand in for the second factor, each once';
comment on column auth.recovery_codes.user_id is 'The account';
comment on column auth.recovery_codes.code_hash is 'SHA-256 of the code: 128 random bits need no slow hash';
comment on column auth.recovery_codes.created_at is 'When it was made';
comment on column auth.recovery_codes.used_at is 'When it was used; NULL: not yet';

-- Beside the account for whoever reads accounts, as its roles are; and the audit trail tells of it there.
create function auth.tg_totp__keep_two_factor()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update auth.users u
     set two_factor_enabled = (tg_op <> 'DELETE' and new.confirmed_at is not null)
   where u.id = coalesce(new.user_id, old.user_id)
     and u.two_factor_enabled is distinct from (tg_op <> 'DELETE' and new.confirmed_at is not null);
  return null;
end
$$;

comment on function auth.tg_totp__keep_two_factor() is 'Keeps what an account says of its second factor equal to what it has';

create trigger _200_keep_two_factor after insert or delete or update of confirmed_at on auth.totp
  for each row execute function auth.tg_totp__keep_two_factor();

do $$
declare
  v_table text;
begin
  foreach v_table in array array['totp', 'recovery_codes'] loop
    execute format('alter table auth.%I enable row level security', v_table);
    execute format('alter table auth.%I force row level security', v_table);
    execute format('create policy own_rows on auth.%I to plinth_owner using (user_id = (select base.current_user_id()))',
                   v_table);
    execute format('create policy operator_read on auth.%I for select to plinth_operator using (true)', v_table);
    execute format('grant select on auth.%I to plinth_operator', v_table);
    -- A code is checked before there is a caller.
    execute format('create policy system_read on auth.%I for select to plinth_system using (true)', v_table);
    execute format('create policy system_update on auth.%I for update to plinth_system using (true)', v_table);
    execute format('grant select, update on auth.%I to plinth_system', v_table);
  end loop;
end $$;

grant create on schema auth to plinth_system;
alter function auth.tg_totp__keep_two_factor() owner to plinth_system;
revoke create on schema auth from plinth_system;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('auth', 'totp',           'by-user', 'one row of the user'),
  ('auth', 'recovery_codes', 'by-user', 'beside the second factor');
insert into base.table_privacy (schema_name, table_name, on_erase, personal, hidden, neutral) values
  ('auth', 'totp',           'delete', '{}', '{secret_encrypted}', '{}'),
  ('auth', 'recovery_codes', 'delete', '{}', '{code_hash}', '{}');

insert into ops.mail_kinds (kind, description) values
  ('second_factor_added',    'To the account''s address, when a second factor was set up'),
  ('second_factor_removed',  'To the account''s address, when it was removed'),
  ('recovery_codes_renewed', 'To the account''s address, when new recovery codes made the old ones void');

insert into ops.mail_texts (kind, language, subject, body) values
  ('second_factor_added', 'en', 'A second factor was set up',
'Hello,

signing in to your account asks for a code from now on, besides the password. It was signed out everywhere else.

If it was not you, somebody knows your password: choose a new one at once, and write to whoever runs this service.

{public_url}/account#forgot-password
'),
  ('second_factor_removed', 'en', 'The second factor was removed',
'Hello,

signing in to your account asks for the password only from now on.

If it was not you, choose a new password at once and set up a second factor again:

{public_url}/account#forgot-password
'),
  ('recovery_codes_renewed', 'en', 'There are new recovery codes',
'Hello,

new recovery codes were made for your account. The old ones are void.

If it was not you, choose a new password at once:

{public_url}/account#forgot-password
');

-- db/schema/116_signing_keys.sql

-- auth: keys by which other services check the tokens that are issued for them.

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('jwt.issuer',           'plinth', 'text',    null, null,  'iss of the JWTs issued for other services'),
  ('jwt.longest_lifetime', '900',    'integer', 30,   86400, 'Seconds a JWT may live at most; nobody can call it back');

create table auth.signing_keys (
  kid           text not null,
  key_encrypted bytea not null,
  created_at    timestamptz not null default now(),
  retired_at    timestamptz,
  forget_at     timestamptz,
  constraint signing_keys_pkey primary key (kid),
  constraint signing_keys_forget_check check ((retired_at is null) = (forget_at is null))
);

comment on table auth.signing_keys is 'Keys that sign JWTs (HS256): one in force, and those whose last tokens have not expired';
comment on column auth.signing_keys.kid is 'Name of the key, in the header of every token it signed';
comment on column auth.signing_keys.key_encrypted is '256 random bits in hexadecimal, encrypted for the purpose signing_key:<kid>';
comment on column auth.signing_keys.created_at is 'When it was made';
comment on column auth.signing_keys.retired_at is 'When another took its place; NULL: it is the one in force';
comment on column auth.signing_keys.forget_at is 'When the last token it signed has expired';

create unique index signing_keys_in_force_idx on auth.signing_keys ((true)) where retired_at is null;
comment on index auth.signing_keys_in_force_idx is 'One is in force; two made at once are one';

alter table auth.signing_keys enable row level security;
alter table auth.signing_keys force row level security;
create policy operator_read on auth.signing_keys for select to plinth_operator using (true);
create policy system_read on auth.signing_keys for select to plinth_system using (true);
create policy system_insert on auth.signing_keys for insert to plinth_system with check (true);
create policy system_update on auth.signing_keys for update to plinth_system using (true);
create policy system_delete on auth.signing_keys for delete to plinth_system using (true);
grant select on auth.signing_keys to plinth_operator;
grant select, insert, update, delete on auth.signing_keys to plinth_system;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('auth', 'signing_keys', 'reference', 'the same keys everywhere, so that services know one');

-- db/schema/120_tokens.sql

-- auth: one-time tokens. What a link in a mail proves: that whoever opens it reads that mailbox. Each is of one kind,
-- bound to what it was issued for, and works once and for a while.

create table auth.one_time_tokens (
  user_id    uuid not null,
  id         uuid not null default base.new_id(),
  kind       text not null,
  token_hash bytea not null,
  payload    jsonb not null default '{}',
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at    timestamptz,
  voided_at  timestamptz,
  constraint one_time_tokens_pkey primary key (user_id, id),
  constraint one_time_tokens_token_hash_key unique (token_hash),
  constraint one_time_tokens_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint one_time_tokens_kind_check check (kind ~ '^[a-z][a-z0-9_]{2,39}$'),
  constraint one_time_tokens_token_hash_check check (length(token_hash) = 32),
  constraint one_time_tokens_payload_check check (jsonb_typeof(payload) = 'object' and octet_length(payload::text) <= 4096),
  constraint one_time_tokens_expires_at_check check (expires_at > created_at),
  constraint one_time_tokens_end_check check (used_at is null or voided_at is null)
);

comment on table auth.one_time_tokens is 'One-time tokens of mailed links and the like; only their SHA-256 is here';
comment on column auth.one_time_tokens.user_id is 'The account';
comment on column auth.one_time_tokens.id is 'Names the token; worthless as one';
comment on column auth.one_time_tokens.kind is 'What it is good for, and nothing else';
comment on column auth.one_time_tokens.token_hash is 'SHA-256 of the token';
comment on column auth.one_time_tokens.payload is 'What it was issued for: an address, a team';
comment on column auth.one_time_tokens.created_at is 'When it was issued';
comment on column auth.one_time_tokens.expires_at is 'When it stops working';
comment on column auth.one_time_tokens.used_at is 'When it was used';
comment on column auth.one_time_tokens.voided_at is
  'When it was made void: by a newer one, or by what it would have changed';

create index one_time_tokens_open_idx on auth.one_time_tokens (user_id, kind) where used_at is null and voided_at is null;
comment on index auth.one_time_tokens_open_idx is 'For making older ones void';
create index one_time_tokens_expires_at_idx on auth.one_time_tokens (expires_at);
comment on index auth.one_time_tokens_expires_at_idx is 'For core.cleanup_one_time_tokens';

alter table auth.one_time_tokens enable row level security;
alter table auth.one_time_tokens force row level security;
create policy own_rows on auth.one_time_tokens to plinth_owner using (user_id = (select base.current_user_id()));
create policy operator_read on auth.one_time_tokens for select to plinth_operator using (true);
-- Whose token it is shows only once it was looked up.
create policy system_read on auth.one_time_tokens for select to plinth_system using (true);
create policy system_insert on auth.one_time_tokens for insert to plinth_system with check (true);
create policy system_update on auth.one_time_tokens for update to plinth_system using (true);
create policy system_delete on auth.one_time_tokens for delete to plinth_system using (true);
grant select, insert, update, delete on auth.one_time_tokens to plinth_system;
grant select on auth.one_time_tokens to plinth_operator;

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('auth.require_verified_email', 'false', 'boolean', null, null, 'Whether an account signs in only once its address is verified'),
  ('attempts.reset.first_wait',   '10',    'integer', 1,    86400, 'The wait for requests for a new password from one address');

-- The outbox comes before accounts; what it refers to is here.
alter table ops.outbox
  add constraint outbox_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  add constraint outbox_token_id_fkey foreign key (user_id, token_id)
    references auth.one_time_tokens (user_id, id) on delete set null (token_id);

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('auth', 'one_time_tokens', 'by-user', 'the token names the machine, the row is with the user');
insert into base.table_privacy (schema_name, table_name, personal, hidden, neutral) values
  ('auth', 'one_time_tokens', '{payload}', '{token_hash}', '{kind}');

-- db/schema/130_keys.sql

-- auth: keys. What programs present instead of a session, and what users let us keep of other services.

create table auth.api_keys (
  user_id             uuid not null,
  id                  uuid not null default base.new_id(),
  name                text not null,
  prefix              text not null,
  secret_hash         bytea not null,
  previous_hash       bytea,
  previous_expires_at timestamptz,
  scopes              text[] not null,
  limits              jsonb not null default '{}',
  created_at          timestamptz not null default now(),
  updated_at          timestamptz not null default now(),
  last_used_at        timestamptz,
  expires_at          timestamptz,
  revoked_at          timestamptz,
  revoke_reason       text,
  version             integer not null default 1,
  constraint api_keys_pkey primary key (user_id, id),
  constraint api_keys_secret_hash_key unique (secret_hash),
  constraint api_keys_previous_hash_key unique (previous_hash),
  constraint api_keys_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint api_keys_name_check check (length(name) between 1 and 100 and name !~ '[[:cntrl:]]'),
  constraint api_keys_secret_hash_check check (length(secret_hash) = 32),
  constraint api_keys_previous_hash_check check (length(previous_hash) = 32),
  constraint api_keys_previous_check check ((previous_hash is null) = (previous_expires_at is null)),
  constraint api_keys_scopes_check check (cardinality(scopes) between 1 and 50 and array_position(scopes, null) is null),
  constraint api_keys_limits_check check (jsonb_typeof(limits) = 'object'),
  constraint api_keys_revoked_check check ((revoked_at is null) = (revoke_reason is null))
);

comment on table auth.api_keys is 'Keys that programs of a user present. They are random; only their SHA-256 is here';
comment on column auth.api_keys.user_id is 'Whose key it is';
comment on column auth.api_keys.id is 'Names the key; worthless as a key';
comment on column auth.api_keys.name is 'What its owner calls it';
comment on column auth.api_keys.prefix is 'How the key begins, for its owner to tell it from others';
comment on column auth.api_keys.secret_hash is 'SHA-256 of the key';
comment on column auth.api_keys.previous_hash is 'SHA-256 of the key it had before it was last rotated';
comment on column auth.api_keys.previous_expires_at is 'Until when that one works, too';
comment on column auth.api_keys.scopes is 'Permissions it is bounded by; "*" is whatever its owner may';
comment on column auth.api_keys.limits is
  'How much it may be used: requests_per_minute, _hour and _day, tokens_per_day';
comment on column auth.api_keys.created_at is 'When it was made';
comment on column auth.api_keys.updated_at is 'When it was last changed';
comment on column auth.api_keys.last_used_at is 'When it was last used, to a minute or so';
comment on column auth.api_keys.expires_at is 'When it stops working; NULL: when it is revoked';
comment on column auth.api_keys.revoked_at is 'When it was revoked';
comment on column auth.api_keys.revoke_reason is 'Why';
comment on column auth.api_keys.version is 'Grows with every change; for optimistic updates';

create index api_keys_live_idx on auth.api_keys (user_id, id) where revoked_at is null;
comment on index auth.api_keys_live_idx is 'For list_api_keys, the limit per user, and revoking all of a user''s keys';

create trigger _100_touch
  before update of name, secret_hash, previous_hash, previous_expires_at, scopes, limits, expires_at, revoked_at
  on auth.api_keys for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _800_audit
  after insert or delete or update of name, secret_hash, scopes, limits, expires_at, revoked_at
  on auth.api_keys for each row execute function ops.tg__audit('id', 'user_id', '{secret_hash,previous_hash}');
-- The layer's copy of what a key may do hangs on the tag of the sessions, and dies as they do: at once and everywhere.
create trigger _900_touch_tag
  after delete or update of secret_hash, previous_hash, previous_expires_at, scopes, expires_at, revoked_at
  on auth.api_keys for each row execute function base.tg__touch_tag('sessions', 'user_id');

create table auth.provider_keys (
  user_id          uuid not null,
  id               uuid not null default base.new_id(),
  provider         text not null,
  name             text not null,
  secret_encrypted bytea not null,
  last_four        text not null,
  fingerprint      text not null,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  last_used_at     timestamptz,
  version          integer not null default 1,
  constraint provider_keys_pkey primary key (user_id, id),
  constraint provider_keys_user_id_provider_name_key unique (user_id, provider, name),
  constraint provider_keys_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint provider_keys_provider_check check (provider ~ '^[a-z0-9][a-z0-9_.-]{0,49}$'),
  constraint provider_keys_name_check check (length(name) between 1 and 100 and name !~ '[[:cntrl:]]'),
  constraint provider_keys_secret_encrypted_check check (length(secret_encrypted) >= 69)
);

comment on table auth.provider_keys is 'Users'' keys of other services, such as model providers, encrypted';
comment on column auth.provider_keys.user_id is 'Whose key it is';
comment on column auth.provider_keys.id is 'Names the key';
comment on column auth.provider_keys.provider is 'The service it is for';
comment on column auth.provider_keys.name is 'Tells several keys of one service apart';
comment on column auth.provider_keys.secret_encrypted is
  'The key, by core.encrypt_secret for provider_key:<user id>:<id>; read by api.use_provider_key only';
comment on column auth.provider_keys.last_four is 'Its last four characters, for its owner to know it again';
comment on column auth.provider_keys.fingerprint is
  'A keyed digest: equal for equal keys of one user, and of no use to anybody else';
comment on column auth.provider_keys.created_at is 'When it was first given';
comment on column auth.provider_keys.updated_at is 'When it was last replaced';
comment on column auth.provider_keys.last_used_at is 'When it was last read';
comment on column auth.provider_keys.version is 'Grows with every change';

create trigger _100_touch before update of secret_encrypted, provider, name on auth.provider_keys
  for each row when (old.fingerprint is distinct from new.fingerprint or old.provider <> new.provider
                     or old.name <> new.name) execute function base.tg__touch();
create trigger _800_audit after insert or delete or update of fingerprint, provider, name on auth.provider_keys
  for each row execute function ops.tg__audit('id', 'user_id', '{secret_encrypted,fingerprint,last_four}');

create function auth.tg_users__revoke_api_keys()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update auth.api_keys k
     set revoked_at = clock_timestamp(), revoke_reason = 'account ' || new.status
   where k.user_id = new.id and k.revoked_at is null;
  return null;
end
$$;

comment on function auth.tg_users__revoke_api_keys() is
  'An account that is not active has no API key, from the same commit on';

create trigger _310_revoke_api_keys after update of status on auth.users
  for each row when (new.status <> 'active' and old.status is distinct from new.status)
  execute function auth.tg_users__revoke_api_keys();

------------------------------------------------------------------------------------------------------------------
-- Row policies.
------------------------------------------------------------------------------------------------------------------

do $$
declare
  v_table text;
begin
  foreach v_table in array array['api_keys', 'provider_keys'] loop
    execute format('alter table auth.%I enable row level security', v_table);
    execute format('alter table auth.%I force row level security', v_table);
    execute format('create policy own_rows on auth.%I to plinth_owner using (user_id = (select base.current_user_id()))',
                   v_table);
    execute format('create policy operator_read on auth.%I for select to plinth_operator using (true)', v_table);
    execute format('grant select on auth.%I to plinth_operator', v_table);
  end loop;
end $$;

-- A presented key is looked up before there is a caller; keys die with the account, whoever changes it.
create policy system_read on auth.api_keys for select to plinth_system using (true);
create policy system_update on auth.api_keys for update to plinth_system using (true);
grant select, update on auth.api_keys to plinth_system;

grant create on schema auth to plinth_system;
alter function auth.tg_users__revoke_api_keys() owner to plinth_system;
revoke create on schema auth from plinth_system;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('auth', 'api_keys',      'by-user', 'the key names the machine, the row is with the user'),
  ('auth', 'provider_keys', 'by-user', 'a user''s keys are with the user');

insert into base.table_privacy (schema_name, table_name, personal, hidden, neutral) values
  ('auth', 'api_keys',      '{name}', '{secret_hash,previous_hash}', '{prefix,scopes,limits,revoke_reason}'),
  ('auth', 'provider_keys', '{name}', '{secret_encrypted,fingerprint}', '{provider,last_four}');

-- db/schema/140_teams.sql

-- auth: what people choose and whom they share with. Preferences, teams, and the one mechanism by which a person or a
-- team gets rights on something of somebody else's.

------------------------------------------------------------------------------------------------------------------
-- Preferences: what there is to choose is data, with type and default; of a user only his choices are kept.
------------------------------------------------------------------------------------------------------------------

create table auth.preference_defaults (
  name          text not null,
  type          text not null,
  default_value jsonb not null,
  allowed       jsonb,
  minimum       numeric,
  maximum       numeric,
  description   text not null,
  constraint preference_defaults_pkey primary key (name),
  constraint preference_defaults_name_check check (name ~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){0,2}$'),
  constraint preference_defaults_type_check check (type in ('boolean', 'integer', 'text', 'object')),
  constraint preference_defaults_default_value_check check (
    case type when 'integer' then jsonb_typeof(default_value) = 'number'
              when 'text' then jsonb_typeof(default_value) = 'string'
              else jsonb_typeof(default_value) = type end),
  constraint preference_defaults_allowed_check check (
    allowed is null or jsonb_typeof(allowed) = 'array' and allowed @> jsonb_build_array(default_value))
);

comment on table auth.preference_defaults is 'What a user can prefer: names, types, defaults';
comment on column auth.preference_defaults.name is
  'Path in the document: notifications.email is {"notifications": {"email": …}}';
comment on column auth.preference_defaults.type is
  'boolean, integer, text, or object for whatever the application keeps there';
comment on column auth.preference_defaults.default_value is 'What holds until the user chooses';
comment on column auth.preference_defaults.allowed is 'Array of the values there are; NULL: any of the type';
comment on column auth.preference_defaults.minimum is 'Lowest number; for a text, characters at least';
comment on column auth.preference_defaults.maximum is
  'Highest number; for a text, characters at most; for an object, bytes';
comment on column auth.preference_defaults.description is 'What it decides';

insert into auth.preference_defaults (name, type, default_value, allowed, minimum, maximum, description) values
  ('theme',                  'text',    '"system"', '["system", "light", "dark"]', null, null, 'Colours of the interface'),
  ('language',               'text',    '"en"',     null, 2, 35,      'Language of the interface, as a BCP 47 tag'),
  ('time_zone',              'text',    '"UTC"',    null, 1, 64,      'Time zone for display, as an IANA name'),
  ('page_size',              'integer', '50',       null, 1, 200,     'Rows a list shows at once'),
  ('notifications.email',    'boolean', 'true',     null, null, null, 'Mail about what happens to the account'),
  ('notifications.product',  'boolean', 'false',    null, null, null, 'Mail about what is new'),
  ('chat.default_model',     'text',    '""',       null, 0, 200,     'Model of a new conversation; empty: the usual one'),
  ('chat.send_on_enter',     'boolean', 'true',     null, null, null, 'Whether Enter sends'),
  ('chat.keep_history',      'boolean', 'true',     null, null, null, 'Whether conversations are kept'),
  ('prompts.show_technique', 'boolean', 'true',     null, null, null, 'Whether the technique used is shown'),
  ('privacy.improve',        'boolean', 'false',    null, null, null, 'Whether one''s data may be used to improve the product'),
  ('custom',                 'object',  '{}',       null, null, 8192, 'Whatever the application keeps for its user');

create trigger _900_touch_tag after insert or update or delete on auth.preference_defaults
  for each row execute function base.tg__touch_tag('preferences');

create table auth.user_preferences (
  user_id     uuid not null,
  preferences jsonb not null default '{}',
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  version     integer not null default 0,
  constraint user_preferences_pkey primary key (user_id),
  constraint user_preferences_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint user_preferences_preferences_check check (jsonb_typeof(preferences) = 'object'
                                                       and octet_length(preferences::text) <= 32768)
);

comment on table auth.user_preferences is 'What users chose; the rest is as auth.preference_defaults says';
comment on column auth.user_preferences.user_id is 'The account';
comment on column auth.user_preferences.preferences is 'Only what was chosen, as a document';
comment on column auth.user_preferences.created_at is 'When the user first chose';
comment on column auth.user_preferences.updated_at is 'When the user last chose';
comment on column auth.user_preferences.version is 'Grows with every change; for optimistic updates';

create trigger _100_touch before update of preferences on auth.user_preferences
  for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _800_audit after insert or update or delete on auth.user_preferences
  for each row execute function ops.tg__audit('user_id', 'user_id', '{preferences}');
create trigger _900_touch_tag after insert or update or delete on auth.user_preferences
  for each row execute function base.tg__touch_tag('preferences', 'user_id');

alter table auth.user_preferences enable row level security;
alter table auth.user_preferences force row level security;
create policy own_rows on auth.user_preferences to plinth_owner using (user_id = (select base.current_user_id()));
create policy operator_read on auth.user_preferences for select to plinth_operator using (true);
grant select on auth.preference_defaults, auth.user_preferences to plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('auth', 'preference_defaults', 'reference', 'the same choices everywhere'),
  ('auth', 'user_preferences',    'by-user',   'a user''s choices are with the user');
insert into base.table_privacy (schema_name, table_name, personal) values
  ('auth', 'user_preferences', '{preferences}');

------------------------------------------------------------------------------------------------------------------
-- Teams. A team belongs to nobody: its rows are keyed by the team, and whoever is not in it sees nothing of it. On
-- several machines a team lives where its id points to, like a user does; which teams a user is in is then a directory
-- entry kept with the user, written by the same outbox that carries everything between users.
------------------------------------------------------------------------------------------------------------------

create table auth.teams (
  id          uuid not null default base.new_id(),
  name        text not null,
  description text,
  created_by  uuid,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  version     integer not null default 1,
  constraint teams_pkey primary key (id),
  constraint teams_name_check check (length(name) between 1 and 100 and name !~ '[[:cntrl:]]'),
  constraint teams_description_check check (length(description) <= 1000)
);

comment on table auth.teams is 'Teams: people who share';
comment on column auth.teams.id is 'The team everywhere';
comment on column auth.teams.name is 'Name for display; two teams may have the same';
comment on column auth.teams.description is 'What it is for';
comment on column auth.teams.created_by is 'The user who made it; says nothing about who owns it now';
comment on column auth.teams.created_at is 'When it was made';
comment on column auth.teams.updated_at is 'When it last changed';
comment on column auth.teams.version is 'Grows with every change; for optimistic updates';

create table auth.team_members (
  team_id   uuid not null,
  user_id   uuid not null,
  role      text not null default 'member',
  added_by  uuid,
  joined_at timestamptz not null default now(),
  constraint team_members_pkey primary key (team_id, user_id),
  constraint team_members_team_id_fkey foreign key (team_id) references auth.teams (id) on delete cascade,
  constraint team_members_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint team_members_role_check check (role in ('owner', 'admin', 'member'))
);

comment on table auth.team_members is 'Who is in which team, and as what';
comment on column auth.team_members.team_id is 'The team';
comment on column auth.team_members.user_id is 'The account';
comment on column auth.team_members.role is 'owner, admin or member';
comment on column auth.team_members.added_by is 'The user who added or invited; NULL: the one who made the team';
comment on column auth.team_members.joined_at is 'When';

create index team_members_user_id_idx on auth.team_members (user_id);
comment on index auth.team_members_user_id_idx is 'For auth.team_ids, and the foreign key';

create table auth.team_invitations (
  team_id    uuid not null,
  id         uuid not null default base.new_id(),
  email      text not null,
  role       text not null default 'member',
  invited_by uuid not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  constraint team_invitations_pkey primary key (team_id, id),
  constraint team_invitations_email_key unique (team_id, email),
  constraint team_invitations_team_id_fkey foreign key (team_id) references auth.teams (id) on delete cascade,
  constraint team_invitations_email_check check (email = lower(email) and length(email) <= 254 and email ~ '^[^@]+@[^@]+$'),
  constraint team_invitations_role_check check (role in ('admin', 'member'))
);

comment on table auth.team_invitations is
  'Invitations that wait; what was answered or revoked is in the audit trail only';
comment on column auth.team_invitations.team_id is 'The team';
comment on column auth.team_invitations.id is 'The invitation; the token that came by mail names it';
comment on column auth.team_invitations.email is 'The address it is for, in lower case; nobody else can accept it';
comment on column auth.team_invitations.role is 'What the invited will be';
comment on column auth.team_invitations.invited_by is 'The user who invited';
comment on column auth.team_invitations.created_at is 'When';
comment on column auth.team_invitations.expires_at is 'When it can no longer be accepted';

create index team_invitations_expires_at_idx on auth.team_invitations (expires_at);
comment on index auth.team_invitations_expires_at_idx is 'For removing what has run out';

-- The teams of the user a statement acts for, in which that user has at least this role. Row policies ask it once per
-- statement; as plinth_system, for a policy of team_members could not ask team_members.
create function auth.team_ids(p_role text default 'member')
returns uuid[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select m.team_id from auth.team_members m
     where m.user_id = base.current_user_id()
       and m.role = any (case p_role when 'member' then '{member,admin,owner}'::text[]
                                     when 'admin' then '{admin,owner}'
                                     when 'owner' then '{owner}' end));
end
$$;

comment on function auth.team_ids(text) is
  'Teams in which the user this statement acts for is at least member, admin or owner';

-- When the last owner's account is erased, somebody follows: the longest-standing admin, else member. Without members
-- the team goes. Leaving and removing do not get here with a last owner: their functions refuse.
create function auth.tg_team_members__keep_an_owner()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from auth.teams t where t.id = old.team_id for no key update;
  if not found then
    return null;
  end if;
  if not exists (select from auth.team_members m where m.team_id = old.team_id) then
    delete from auth.teams t where t.id = old.team_id;
  elsif not exists (select from auth.team_members m where m.team_id = old.team_id and m.role = 'owner') then
    update auth.team_members m set role = 'owner'
     where m.team_id = old.team_id
       and m.user_id = (select o.user_id from auth.team_members o where o.team_id = old.team_id
                         order by o.role, o.joined_at, o.user_id limit 1);
  end if;
  return null;
end
$$;

comment on function auth.tg_team_members__keep_an_owner() is
  'A team that lost its last owner gets another one; a team without members goes';

create trigger _100_touch before update of name, description on auth.teams
  for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _800_audit after insert or update or delete on auth.teams
  for each row execute function ops.tg__audit('id', 'created_by');
create trigger _200_keep_an_owner after delete on auth.team_members
  for each row when (old.role = 'owner') execute function auth.tg_team_members__keep_an_owner();
create trigger _800_audit after insert or update or delete on auth.team_members
  for each row execute function ops.tg__audit('team_id', 'user_id');
-- Who joins or leaves sees other things from now on: whatever was answered for him is asked again.
create trigger _900_touch_tag after insert or update or delete on auth.team_members
  for each row execute function base.tg__touch_tag('sessions', 'user_id');
create trigger _800_audit after insert or update or delete on auth.team_invitations
  for each row execute function ops.tg__audit('id', 'invited_by', '{email}');

------------------------------------------------------------------------------------------------------------------
-- Grants: the one way in which anybody gets a right on something that is another user's. A domain registers its kind of
-- thing here, writes its row policies with auth.granted_ids, and hangs two triggers on its table:
--
--   insert into auth.resource_types (name, schema_name, table_name, description)
--   values ('conversation', 'chat', 'conversations', 'A conversation');
--   create index conversations_id_idx on chat.conversations (id);
--   create policy own_and_granted_read on chat.conversations for select to plinth_owner
--     using (user_id = (select base.current_user_id())
--            or id = any ((select auth.granted_ids('conversation', 'read'))::uuid[]));
--   create trigger _200_end_grants after delete on chat.conversations
--     for each row execute function auth.tg__end_grants('conversation', 'id');
--   create trigger _910_touch_granted after update or delete on chat.conversations
--     for each row execute function auth.tg__touch_granted('conversation', 'id', 'conversations');
--
-- update asks for 'write', delete for 'admin'; insert is for one's own rows only. A list of one's own things says
-- user_id = … itself: with the policy's OR alone it could not be read in the order of an index.
------------------------------------------------------------------------------------------------------------------

create table auth.resource_types (
  name         text not null,
  schema_name  text not null,
  table_name   text not null,
  id_column    text not null default 'id',
  owner_column text not null default 'user_id',
  description  text not null,
  constraint resource_types_pkey primary key (name),
  constraint resource_types_table_name_key unique (schema_name, table_name),
  constraint resource_types_name_check check (name ~ '^[a-z][a-z_]{1,39}$')
);

comment on table auth.resource_types is 'Kinds of things that can be shared, and where their owner is to be read';
comment on column auth.resource_types.name is 'Name, in the singular';
comment on column auth.resource_types.schema_name is 'Schema of its table';
comment on column auth.resource_types.table_name is 'Its table; a row is a thing';
comment on column auth.resource_types.id_column is 'Column of its id, a uuid';
comment on column auth.resource_types.owner_column is 'Column of the user who owns it';
comment on column auth.resource_types.description is 'What it is';

create table auth.grants (
  user_id         uuid not null,
  id              uuid not null default base.new_id(),
  resource_type   text not null,
  resource_id     uuid not null,
  subject_user_id uuid,
  subject_team_id uuid,
  permitted       text not null,
  granted_by      uuid,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  version         integer not null default 1,
  constraint grants_pkey primary key (user_id, id),
  constraint grants_id_key unique (id),
  constraint grants_subject_key unique nulls not distinct (resource_id, resource_type, subject_user_id, subject_team_id),
  constraint grants_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint grants_resource_type_fkey foreign key (resource_type) references auth.resource_types (name) on delete restrict,
  constraint grants_subject_team_id_fkey foreign key (subject_team_id) references auth.teams (id) on delete cascade,
  constraint grants_subject_check check (num_nonnulls(subject_user_id, subject_team_id) = 1),
  constraint grants_subject_user_id_check check (subject_user_id <> user_id),
  constraint grants_permitted_check check (permitted in ('read', 'write', 'admin'))
);

comment on table auth.grants is 'Rights on a user''s things, given to another user or to a team';
comment on column auth.grants.user_id is 'The user who owns the thing';
comment on column auth.grants.id is 'The grant';
comment on column auth.grants.resource_type is 'Kind of thing';
comment on column auth.grants.resource_id is 'The thing';
comment on column auth.grants.subject_user_id is 'The user who gets the right, or';
comment on column auth.grants.subject_team_id is 'the team whose members get it, for as long as they are members';
comment on column auth.grants.permitted is 'read; write includes it; admin includes both, and may delete and grant';
comment on column auth.grants.granted_by is 'The user who gave it';
comment on column auth.grants.created_at is 'When it was first given';
comment on column auth.grants.updated_at is 'When it last changed';
comment on column auth.grants.version is 'Grows with every change';

create index grants_subject_user_id_idx on auth.grants (subject_user_id, resource_type) include (resource_id, permitted)
  where subject_user_id is not null;
comment on index auth.grants_subject_user_id_idx is 'For auth.granted_ids: what one user was given';
create index grants_subject_team_id_idx on auth.grants (subject_team_id, resource_type) include (resource_id, permitted);
comment on index auth.grants_subject_team_id_idx is 'For auth.granted_ids: what a team was given; and the foreign key';
create index grants_resource_type_idx on auth.grants (resource_type);
comment on index auth.grants_resource_type_idx is 'For the foreign key';

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('grant.subject_limit',  '1000', 'integer', 1, 100000, 'Grants one user or team can hold; bounds row policies'),
  ('grant.resource_limit', '200',  'integer', 1, 10000,  'Grants on one thing'),
  ('team.member_limit',    '200',  'integer', 1, 10000,  'Members of one team'),
  ('team.user_limit',      '50',   'integer', 1, 1000,   'Teams one user can be in');

-- The things of a kind on which the user a statement acts for was given at least this right, by name or through a team.
-- Row policies ask it once per statement. NULL as kind: any, for the policies of grants themselves (ids are unique).
create function auth.granted_ids(p_resource_type text, p_right text default 'read')
returns uuid[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user   uuid := base.current_user_id();
  v_rights text[] := case p_right when 'read' then '{read,write,admin}'::text[]
                                  when 'write' then '{write,admin}'
                                  when 'admin' then '{admin}' end;
begin
  return array(
    select g.resource_id from auth.grants g
     where g.subject_user_id = v_user and g.permitted = any (v_rights)
       and (p_resource_type is null or g.resource_type = p_resource_type)
    union all
    select g.resource_id
      from auth.team_members m
      join auth.grants g on g.subject_team_id = m.team_id
     where m.user_id = v_user and g.permitted = any (v_rights)
       and (p_resource_type is null or g.resource_type = p_resource_type));
end
$$;

comment on function auth.granted_ids(text, text) is
  'Things of a kind on which the user this statement acts for was given read, write or admin';

create function auth.tg__end_grants()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from auth.grants g
   where g.resource_type = tg_argv[0] and g.resource_id = (to_jsonb(old) ->> tg_argv[1])::uuid;
  return null;
end
$$;

comment on function auth.tg__end_grants() is
  'Arguments: kind of thing, id column. Grants on a thing end with it';

create function auth.touch_subject(p_tag text, p_user_id uuid, p_team_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_team_id is null then
    perform base.touch_tag(p_tag || ':' || p_user_id);
  else
    perform base.touch_tag(p_tag || ':' || m.user_id) from auth.team_members m where m.team_id = p_team_id;
  end if;
end
$$;

comment on function auth.touch_subject(text, uuid, uuid) is
  'Voids what is cached under a tag for a user, or for every member of a team';

create function auth.tg__touch_granted()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform auth.touch_subject(tg_argv[2], g.subject_user_id, g.subject_team_id)
     from auth.grants g
    where g.resource_type = tg_argv[0] and g.resource_id = (to_jsonb(old) ->> tg_argv[1])::uuid;
  return null;
end
$$;

comment on function auth.tg__touch_granted() is
  'Arguments: kind of thing, id column, tag. Who was given a right on a thing is told when it changes';

-- Given, changed or taken back: whatever was answered for who has the right is asked again.
create function auth.tg_grants__touch_subjects()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op <> 'INSERT' then
    perform auth.touch_subject('sessions', old.subject_user_id, old.subject_team_id);
  end if;
  if tg_op <> 'DELETE' then
    perform auth.touch_subject('sessions', new.subject_user_id, new.subject_team_id);
  end if;
  return null;
end
$$;

comment on function auth.tg_grants__touch_subjects() is
  'A right that changes voids what was answered for those who have it';

-- No foreign key: the subject is another user, on another machine perhaps.
create function auth.tg_users__end_grants()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from auth.grants g where g.subject_user_id = old.id;
  return null;
end
$$;

comment on function auth.tg_users__end_grants() is 'What was given to an account ends with it';

create trigger _100_touch before update of permitted on auth.grants
  for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _800_audit after insert or update or delete on auth.grants
  for each row execute function ops.tg__audit('id', 'user_id');
create trigger _900_touch_subjects after insert or update or delete on auth.grants
  for each row execute function auth.tg_grants__touch_subjects();
create trigger _310_end_grants after update of status on auth.users
  for each row when (new.status = 'erased' and old.status is distinct from new.status)
  execute function auth.tg_users__end_grants();
create trigger _320_end_grants after delete on auth.users
  for each row execute function auth.tg_users__end_grants();

------------------------------------------------------------------------------------------------------------------
-- Row policies.
------------------------------------------------------------------------------------------------------------------

do $$
declare
  v_table text;
begin
  foreach v_table in array array['teams', 'team_members', 'team_invitations', 'grants'] loop
    execute format('alter table auth.%I enable row level security', v_table);
    execute format('alter table auth.%I force row level security', v_table);
    execute format('create policy operator_read on auth.%I for select to plinth_operator using (true)', v_table);
    execute format('grant select on auth.%I to plinth_operator', v_table);
    execute format('create policy system_read on auth.%I for select to plinth_system using (true)', v_table);
    execute format('grant select on auth.%I to plinth_system', v_table);
  end loop;
end $$;

create policy member_read on auth.teams for select to plinth_owner
  using (id = any ((select auth.team_ids('member'))::uuid[]));
create policy admin_update on auth.teams for update to plinth_owner
  using (id = any ((select auth.team_ids('admin'))::uuid[]));
create policy owner_delete on auth.teams for delete to plinth_owner
  using (id = any ((select auth.team_ids('owner'))::uuid[]));
create policy member_read on auth.team_members for select to plinth_owner
  using (user_id = (select base.current_user_id()) or team_id = any ((select auth.team_ids('member'))::uuid[]));
create policy admin_insert on auth.team_members for insert to plinth_owner
  with check (team_id = any ((select auth.team_ids('admin'))::uuid[]));
create policy admin_update on auth.team_members for update to plinth_owner
  using (team_id = any ((select auth.team_ids('admin'))::uuid[]));
create policy own_or_admin_delete on auth.team_members for delete to plinth_owner
  using (user_id = (select base.current_user_id()) or team_id = any ((select auth.team_ids('admin'))::uuid[]));
create policy admin_rows on auth.team_invitations to plinth_owner
  using (team_id = any ((select auth.team_ids('admin'))::uuid[]));
-- A team is made, and joined, by who is not in it yet.
create policy system_insert on auth.teams for insert to plinth_system with check (true);
create policy system_update on auth.teams for update to plinth_system using (true);
create policy system_delete on auth.teams for delete to plinth_system using (true);
create policy system_insert on auth.team_members for insert to plinth_system with check (true);
create policy system_update on auth.team_members for update to plinth_system using (true);
create policy system_delete on auth.team_invitations for delete to plinth_system using (true);

-- The owner of a thing sees and changes every grant on it, and so does who was given admin; the others see theirs.
create policy own_and_granted on auth.grants to plinth_owner
  using (user_id = (select base.current_user_id()) or resource_id = any ((select auth.granted_ids(null, 'admin'))::uuid[]));
create policy subject_read on auth.grants for select to plinth_owner
  using (subject_user_id = (select base.current_user_id())
         or subject_team_id = any ((select auth.team_ids('member'))::uuid[]));
create policy subject_delete on auth.grants for delete to plinth_owner
  using (subject_user_id = (select base.current_user_id())
         or subject_team_id = any ((select auth.team_ids('admin'))::uuid[]));
create policy system_delete on auth.grants for delete to plinth_system using (true);

grant insert, update, delete on auth.teams to plinth_system;
grant insert, update on auth.team_members to plinth_system;
grant delete on auth.team_invitations to plinth_system;
grant delete on auth.grants to plinth_system;
grant select on auth.resource_types to plinth_system, plinth_operator;

-- These answer for whoever asks, so row policies do not bind them; each names the user itself.
grant create on schema auth to plinth_system;
alter function auth.team_ids(text) owner to plinth_system;
alter function auth.granted_ids(text, text) owner to plinth_system;
alter function auth.touch_subject(text, uuid, uuid) owner to plinth_system;
alter function auth.tg_team_members__keep_an_owner() owner to plinth_system;
alter function auth.tg__end_grants() owner to plinth_system;
alter function auth.tg__touch_granted() owner to plinth_system;
alter function auth.tg_grants__touch_subjects() owner to plinth_system;
alter function auth.tg_users__end_grants() owner to plinth_system;
revoke create on schema auth from plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function auth.team_ids(text), auth.granted_ids(text, text), auth.tg__end_grants(),
  auth.tg__touch_granted() to plinth_owner;
set local role plinth_owner;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('auth', 'teams',            'by-team',   'a team crosses users; it lives where its id points to'),
  ('auth', 'team_members',     'by-team',   'with the team; which teams a user is in becomes a directory entry with the user'),
  ('auth', 'team_invitations', 'by-team',   'with the team'),
  ('auth', 'resource_types',   'reference', 'the same kinds everywhere'),
  ('auth', 'grants',           'by-user',   'with the thing; what somebody was given becomes a directory entry with him');
insert into base.table_privacy (schema_name, table_name, neutral) values
  ('auth', 'team_members', '{role}'),
  ('auth', 'grants',       '{resource_type,permitted}');

insert into ops.mail_kinds (kind, description, token_lifetime, keeps_older) values
  ('team_invitation', 'To an address that somebody invited to a team', '7 days', true);
insert into ops.mail_texts (kind, language, subject, body) values
  ('team_invitation', 'en', 'You are invited to a team',
'Hello,

somebody invited this address to a team. To see which one, and to accept or decline, open

{public_url}/account#invitation={token}

The link works once, for {days} days, for the account with this address. If you expected nothing of the kind, do nothing.
');
