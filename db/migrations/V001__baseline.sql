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
  schema_name    text not null,
  table_name     text not null,
  user_column    text default 'user_id',
  address_column text,
  on_erase       text not null default 'delete',
  personal       text[] not null default '{}',
  hidden         text[] not null default '{}',
  neutral        text[] not null default '{}',
  erased         jsonb not null default '{}',
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
comment on column base.table_privacy.address_column is
  'The column that holds an address or a username of anybody: an erasure removes rows that name the account, whosever they are';
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
  ('BR005', 400, 'Idempotency-Key needed',    'The key is missing where one is needed, or is not 8 to 255 printable ASCII.', null),
  ('BR408', 408, 'Request timed out',         'The request did not arrive whole in time.', null),
  ('UN001', 401, 'Sign-in needed',            'No token, or one that is unknown, expired or ended.', null),
  ('UN002', 401, 'Wrong login or password',   'The login and the password do not belong together.', null),
  ('UN003', 401, 'Confirm it is you',         'Your last sign-in or step-up is too long ago: step up and repeat.', null),
  ('UN004', 401, 'Second factor needed',      'The password is right; send the code of the second factor, too.', null),
  ('NP001', 403, 'Not permitted',             'The caller may not do this, or may not act for the named user.', null),
  ('NF001', 404, 'Not found',                 'There is no such thing, or it is not yours to see.', null),
  ('NF002', 404, 'Not switched on',           'This feature is not switched on for you; it may be later.', null),
  ('NF404', 404, 'No such route',             'The path is not one of the routes; see /docs.', null),
  ('NF405', 405, 'Method not allowed',        'The path exists, but not with this method; see the Allow header.', null),
  ('KC001', 409, 'Already taken',             'The value must be unique and is taken.', null),
  ('KC002', 409, 'Changed meanwhile',         'The version sent is not the current one; read again and retry.', null),
  ('KC003', 409, 'The last one stays',        'The last administrator or owner cannot go; appoint another first.', null),
  ('KC004', 409, 'Not in this state',         'The thing is not in the state that this needs; the detail says which.', null),
  ('KC007', 409, 'Still in use',              'Something depends on the thing, so it stays.', null),
  ('KC008', 409, 'Too many',                  'There are as many of them as there may be; remove one.', null),
  ('KC009', 409, 'Still under way',           'The same work is under way, as by a first call with this key; try again.', 1),
  ('KC010', 409, 'Too large for one answer',  'More than one answer may hold; the detail names the way to all of it.', null),
  ('VL001', 422, 'Invalid field',             'A field breaks a rule; errors names the field and the rule.', null),
  ('VL002', 422, 'Unknown field',             'A field is not part of this request.', null),
  ('VL003', 422, 'Missing field',             'A required field is missing.', null),
  ('VL004', 422, 'Link not good',             'The link is unknown, was used before, or has run out; ask for a new one.', null),
  ('VL005', 422, 'Key used otherwise',        'The Idempotency-Key was used for a call with other arguments.', null),
  ('RL001', 429, 'Too many requests',         'A limit is reached; wait as long as Retry-After says.', 1),
  ('RL002', 429, 'Too many attempts',         'Too many failed attempts; wait as long as Retry-After says.', 60),
  ('SV500', 500, 'Internal error',            'Something failed that should not; the request id finds it in the log.', null),
  ('SV503', 503, 'Unavailable',               'A part that is needed is away; nothing was done, try again.', 1),
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
  -- What a caller sent may be in both, as the name of what there is not.
  p_message := left(p_message, 500);
  p_field := left(coalesce(p_field, ''), 200);
  if p_hint is null then
    raise exception using errcode = p_code, message = p_message, column = p_field;
  end if;
  raise exception using errcode = p_code, message = p_message, column = p_field, hint = p_hint;
end
$$;

comment on function base.raise(text, text, text, text) is
  'Raises one of base.errors: the message is for the caller, the field names what was wrong';

create function base.raise_all(p_code text, p_message text, p_faults jsonb)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using errcode = p_code, message = p_message, detail = p_faults::text;
end
$$;

comment on function base.raise_all(text, text, jsonb) is
  'Raises one of base.errors for several faults at once: an array of {"field", "code", "detail"}';

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
  ('account.export_bytes',    '33554432',    'integer', 0,    268435456, 'Bytes of rows an export in one document may have; '
                                                                     'whatever is larger goes out row by row'),
  ('account.grace_days',      '30',          'integer', 0,    365,  'Days a deleted account can be restored; then it is erased'),
  ('api_key.grace_minutes',   '1440',        'integer', 0,    10080, 'Minutes the former secret of a rotated key still works'),
  ('api_key.limit',           '50',          'integer', 1,    10000, 'Live API keys per user'),
  ('environment',             'development', 'text',    null, null, 'development, test or production; written by the deploy'),
  ('password.bcrypt_cost',    '12',          'integer', 4,    16,   'Work factor of new hashes; below 10 only in tests'),
  ('password.minimum_length', '15',          'integer', 8,    256,  'Code points a password needs when it is the only factor'),
  ('provider_key.limit',      '50',          'integer', 1,    10000, 'Keys of other services per user'),
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
declare
  v_setting base.settings;
begin
  -- Other settings are loosened on record; this one would say that less protection is right.
  if p_name = 'environment' and not pg_has_role(session_user, 'plinth_owner', 'member') then
    perform base.raise('NP001', 'The environment is set by the deploy: PLINTH_ENV and plinth migrate up', 'name');
  end if;
  if p_name = 'password.bcrypt_cost' and p_value::integer < 10 and base.setting('environment') <> 'test' then
    perform base.raise('VL001', 'A bcrypt cost below 10 is allowed only in the test environment', 'value');
  end if;

  select s.* into v_setting from base.settings s where s.name = p_name for no key update;
  if not found then
    perform base.raise('NF001', format('There is no setting named %s', p_name), 'name');
  end if;
  begin
    update base.settings s set value = p_value, updated_at = now() where s.name = p_name;
  exception when check_violation or not_null_violation then
    perform base.raise('VL001', case v_setting.type
      when 'integer' then format('%s must be a whole number from %s to %s', p_name, v_setting.minimum, v_setting.maximum)
      when 'boolean' then format('%s must be true or false', p_name)
      else format('%s cannot have this value', p_name) end, 'value');
  end;
end
$$;

comment on function base.set_setting(text, text) is
  'Changes a setting, on record; the table checks type and bounds. The environment is the deploy''s to set';
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
      -- As there: 48 bits of milliseconds, the version, 12 bits of a millisecond's 4,096th parts, so that ids made one
      -- after the other are in order within a millisecond as well; then the random end of a version 4.
      select pg_catalog.overlay(pg_catalog.gen_random_uuid()::text,
        pg_catalog.overlay(
          pg_catalog.lpad(pg_catalog.to_hex(
            (extract(epoch from pg_catalog.clock_timestamp()) * 1000000)::pg_catalog.int8 * 512 / 125), 15, '0'),
          '7', 13, 0),
        1, 18)::pg_catalog.uuid
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
  -- The milliseconds, then nothing but zeros: no id of that moment or later is smaller. No id is of before 1970, nor of
  -- after 9999, so whoever asks for all time names the ends of it.
  select case when p_at is not null then
           pg_catalog.rpad(pg_catalog.lpad(pg_catalog.to_hex(pg_catalog.floor(
             extract(epoch from least(greatest(p_at, 'epoch'), '9999-12-31 00:00:00+00')) * 1000)::pg_catalog.int8), 12, '0'),
             32, '0')::pg_catalog.uuid
         end
$$;

comment on function base.first_id(timestamptz) is
  'Where the ids of a moment begin: the bound of a partition, or of a search';
grant execute on function base.first_id(timestamptz) to plinth_system, plinth_operator;

create function base.time_of(p_id uuid)
returns timestamptz
language sql
immutable
parallel safe
as $$
  select timestamptz '1970-01-01 00:00:00+00'
         + ('x' || pg_catalog.left(pg_catalog.replace(p_id::pg_catalog.text, '-', ''), 12))::pg_catalog.bit(48)::pg_catalog.int8
           * interval '1 millisecond'
$$;

comment on function base.time_of(uuid) is 'The millisecond an id of version 7 was made in';
grant execute on function base.time_of(uuid) to plinth_system, plinth_operator;

create function base.id_at(p_at timestamptz)
returns uuid
language sql
volatile
parallel safe
as $$
  -- The first 48 bits are the milliseconds.
  select pg_catalog.encode(pg_catalog.overlay(
           pg_catalog.uuid_send(base.new_id()),
           pg_catalog.substring(pg_catalog.int8send(
             pg_catalog.floor(extract(epoch from greatest(p_at, 'epoch')) * 1000)::pg_catalog.int8), 3), 1, 6),
         'hex')::pg_catalog.uuid
$$;

comment on function base.id_at(timestamptz) is
  'A new id that is ordered as if it were made at that moment: for what is told afterwards. Within a millisecond at random';
grant execute on function base.id_at(timestamptz) to plinth_system, plinth_operator;

------------------------------------------------------------------------------------------------------------------
-- Who is calling. Two transaction-local settings:
--   plinth.caller   set by http.enter only; fixes the user for the whole transaction
--   plinth.subject  set by core.act_for when an operator names a user; carries the time of its statement and is
--                   worthless in any other, so that one transaction may act for several users one after another
-- After a transaction such a setting reads '' and not NULL.
------------------------------------------------------------------------------------------------------------------

-- The user an operator's call named, in the statement that named him.
create function base.subject_id()
returns uuid
language plpgsql
stable
parallel restricted
as $$
declare
  v_subject text := pg_catalog.current_setting('plinth.subject', true);
begin
  if v_subject <> ''
     and pg_catalog.split_part(v_subject, '@', 2)
         = extract(epoch from pg_catalog.statement_timestamp())::pg_catalog.text
     and pg_catalog.pg_has_role(session_user, 'plinth_operator', 'member')
  then
    return pg_catalog.split_part(v_subject, '@', 1)::pg_catalog.uuid;
  end if;
  return null;
end
$$;

comment on function base.subject_id() is 'The user an operator named in this statement; NULL when there is none';

-- One expression of SQL, which the planner puts in place of the call: every policy asks this in every statement.
create function base.current_user_id()
returns uuid
language sql
stable
parallel restricted
as $$
  select coalesce(nullif(pg_catalog.current_setting('plinth.caller', true), '')::pg_catalog.uuid, base.subject_id())
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

grant execute on function base.subject_id(), base.current_user_id() to plinth_system, plinth_operator;
grant execute on function base.request_context(integer) to plinth_system;
grant execute on function base.raise(text, text, text, text), base.raise_all(text, text, jsonb) to plinth_system;
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

  -- Inside a request the layer bumps. Elsewhere (psql, a job) nobody would: the commit tells the layers to look, once
  -- however much it touched. Not always, because a transaction that notifies takes a database-wide lock at commit.
  if found and coalesce(current_setting('plinth.context', true), '') = '' then
    perform pg_notify('plinth_tags', '');
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
  -- Also where the new row is the old one: who sends his change once more, since his worker died before it could bump,
  -- must not be told that it is done while copies of before are shown.
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
  once          text not null default 'never',
  cache_seconds integer,
  cache_tags    text[] not null default '{}',
  cache_scope   text generated always as (
    case when cache_seconds is not null then case auth when 'none' then 'public' else 'private' end end) stored,
  replica       boolean not null default false,
  cost          integer not null default 1,
  lines         text,
  file          text not null,
  constraint routes_pkey primary key (path, method),
  constraint routes_method_check check (method in ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')),
  constraint routes_path_check check (path ~ '^/v1/[a-z0-9/{}_.-]+$'),
  constraint routes_function_name_check check (function_name ~ '^api\.[a-z][a-z0-9_]*$'),
  constraint routes_auth_check check (auth in ('none', 'user', 'session', 'step_up')),
  constraint routes_permission_check check (permission is null or auth <> 'none'),
  constraint routes_result_check check (result in ('one', 'list', 'value', 'none', 'qr', 'stream')),
  constraint routes_lane_check check (lane in ('read', 'write', 'slow', 'hash')),
  constraint routes_once_check check (once in ('never', 'may', 'must') and (once = 'never' or method <> 'GET' and lane <> 'read')),
  constraint routes_cost_check check (cost between 1 and 1000),
  constraint routes_cache_check check (
    cache_seconds is null or (method = 'GET' and lane = 'read' and auth in ('none', 'user'))),
  constraint routes_stream_check check (result <> 'stream' or (lane = 'slow' and status = 200)),
  constraint routes_lines_check check (lines is null or (method = 'POST' and once = 'never' and result = 'one')),
  -- A copy made from a replica would be kept as if it were of now; what asks for a session is about credentials.
  constraint routes_replica_check check (not replica or (lane = 'read' and auth = 'user' and cache_seconds is null))
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
comment on column http.routes.result is
  'one: object; list: items and next; value: {"value"}; none: 204; qr: a picture; stream: a JSON text a line';
comment on column http.routes.lane is
  'read and write: short calls on shared connections; slow and hash: a connection to itself';
comment on column http.routes.once is
  'Whether a call may bring, or must bring, a key under which it happens once: the header Idempotency-Key';
comment on column http.routes.cache_seconds is 'How long an answer may be kept; NULL: not at all';
comment on column http.routes.cache_tags is
  'What the answer depends on; a write that touches one of them makes it void';
comment on column http.routes.cache_scope is
  'For whom an answer is kept: public, one copy for all; private, one for each token';
comment on column http.routes.replica is 'Whether a replica may answer, where there is one';
comment on column http.routes.cost is 'Units of its caller''s limits that a call uses';
comment on column http.routes.lines is
  'The argument that takes a body of one JSON object a line, in pieces; NULL: the body is one JSON object';
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

-- A replica that holds a beat has all that was committed before it, by this very server: no copy that went its own way,
-- and no other server with the same keys, has it.
create table http.beats (
  id      uuid not null default base.new_id(),
  beat_at timestamptz not null default clock_timestamp(),
  constraint beats_pkey primary key (id)
);

comment on table http.beats is 'Signs of life of this server for its replicas; those of the last minute';
comment on column http.beats.id is 'The beat';
comment on column http.beats.beat_at is 'When it was';

create table http.cache_place (
  id    boolean not null default true,
  redis text not null default '',
  epoch uuid not null default gen_random_uuid(),
  constraint cache_place_pkey primary key (id),
  constraint cache_place_id_check check (id)
);

comment on table http.cache_place is 'One row: where copies of answers were kept last';
comment on column http.cache_place.id is 'Always true: there is one row';
comment on column http.cache_place.redis is
  'Which Redis, as the layer names it: one run of it, one database, one prefix';
comment on column http.cache_place.epoch is
  'Another one whenever it is another Redis; part of every key there: http.timeline';

insert into http.cache_place default values;

grant select on http.routes, http.unrouted, http.registry, http.jobs to plinth_reader, plinth_operator;
grant select on http.beats to plinth_operator, plinth_system;
grant select on http.cache_place to plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('http', 'routes',   'reference', 'the same routes everywhere'),
  ('http', 'unrouted', 'reference', 'the same functions everywhere'),
  ('http', 'registry', 'reference', 'one row'),
  ('http', 'jobs',     'reference', 'the same jobs everywhere'),
  ('http', 'beats',    'local',     'each server has its own'),
  ('http', 'cache_place', 'local',  'each server has its own');

-- db/schema/030_ops.sql

-- ops: what keeps the house. Partitions, the audit trail, jobs.

------------------------------------------------------------------------------------------------------------------
-- Partitions. What grows with time is partitioned by quarter, month or day on its id, which is ordered by time.
-- Partitions are made ahead, by the deploy and by a job; a DEFAULT one takes what falls beside them, so that no write
-- ever fails for it. What is not kept for ever goes by whole partitions; that is another job, so that neither holds up
-- the other.
------------------------------------------------------------------------------------------------------------------

create table ops.partitioned_tables (
  name           text not null,
  step           text not null default 'month',
  ahead          integer not null default 3,
  behind         integer not null default 0,
  keep_setting   text,
  dropped_before timestamptz,
  constraint partitioned_tables_pkey primary key (name),
  constraint partitioned_tables_step_check check (step in ('quarter', 'month', 'day')),
  constraint partitioned_tables_ahead_check check (ahead between 1 and 60),
  constraint partitioned_tables_behind_check check (behind between 0 and 60)
);

comment on table ops.partitioned_tables is 'Tables that are partitioned by time on an id of version 7';
comment on column ops.partitioned_tables.name is 'The table, with its schema';
comment on column ops.partitioned_tables.step is 'How much of time a partition holds: quarter, month or day';
comment on column ops.partitioned_tables.ahead is 'How many of them ahead partitions are made';
comment on column ops.partitioned_tables.behind is 'For how many back, because what belongs there may come late';
comment on column ops.partitioned_tables.keep_setting is
  'The setting that says how many days are kept; NULL: all of them';
comment on column ops.partitioned_tables.dropped_before is 'What is older may be gone; NULL: nothing was dropped yet';

grant select on ops.partitioned_tables to plinth_system, plinth_operator;

-- Indexes, row triggers and constraints come with ATTACH; row security, the operator's right to read (a dump reads
-- partitions one by one), statement triggers and what the planner is told of columns do not.
create function ops.prepare_partition(p_table regclass, p_name text, p_comment text)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text := format('%I.%I', split_part(p_table::text, '.', 1), p_name);
  v_sql  text;
begin
  execute format('create table %s (like %s including all)', v_name, p_table);
  for v_sql in
    select format('alter column %I set (%s)', a.attname, array_to_string(a.attoptions, ', '))
      from pg_attribute a where a.attrelid = p_table and a.attoptions is not null
  loop
    execute format('alter table %s %s', v_name, v_sql);
  end loop;
  execute format('comment on table %s is %L', v_name, p_comment);
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
  return v_name;
end
$$;

comment on function ops.prepare_partition(regclass, text, text) is
  'Makes a table that can be attached as a partition, with all that ATTACH does not bring; returns its name';

create function ops.make_partition(p_table regclass, p_name text, p_from uuid, p_to uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text := ops.prepare_partition(p_table, p_name,
    format(case when p_from is null then 'What of %s is in no other part' else 'Some time of %s' end, p_table));
begin
  execute format('alter table %s attach partition %s ', p_table, v_name)
       || case when p_from is null then 'default' else format('for values from (%L) to (%L)', p_from, p_to) end;
end
$$;

comment on function ops.make_partition(regclass, text, uuid, uuid) is
  'Makes one partition and attaches it; without bounds the default one';

-- The name of the partition that begins at a time.
create function ops.partition_name(p_table regclass, p_step text, p_begin timestamptz)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select split_part(p_table::text, '.', 2)
      || to_char(p_begin at time zone 'UTC', case p_step when 'quarter' then '_YYYY_"q"Q' when 'month' then '_YYYY_MM'
                                                             else '_YYYY_MM_DD' end)
$$;

comment on function ops.partition_name(regclass, text, timestamptz) is
  'The name of the partition that begins at a time';

create function ops.partition_step(p_step text)
returns interval
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case p_step when 'quarter' then interval '3 months' else ('1 ' || p_step)::interval end
$$;

comment on function ops.partition_step(text) is 'How long a quarter, month or day is';

-- ATTACH locks the default partition against everybody, and where there are foreign keys, the tables at their other
-- ends against writers. It waits for moments only: so nobody waits long behind it, and in a deadlock it gives up first.
-- Tables with foreign keys come first: what is made stays locked to the end, so as little as can be is locked when it
-- waits. What it does not get is the next run's, which has time: partitions are made long before they are needed
-- (v_findings tells of one that is missing).
create function ops.make_partitions()
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_table regclass;
  v_step  text;
  v_begin timestamptz;
  v_end   timestamptz;
  v_name  text;
  v_held  regclass;
  v_made  integer := 0;
  v_wait  text := current_setting('lock_timeout');
begin
  for v_table, v_step, v_begin, v_end in
    select t.name::regclass, t.step, b, date_add(b, s.step, 'UTC')
      from ops.partitioned_tables t
     cross join lateral (select ops.partition_step(t.step) as step) s
     cross join lateral generate_series(date_trunc(t.step, date_subtract(now(), t.behind * s.step, 'UTC'), 'UTC'),
                                        date_add(now(), t.ahead * s.step, 'UTC'), s.step, 'UTC') b
     order by exists (select from pg_constraint c where c.conrelid = t.name::regclass and c.contype = 'f') desc, 1, 3
  loop
    continue when v_table = v_held;  -- no second wait for the same table
    v_name := ops.partition_name(v_table, v_step, v_begin);
    if to_regclass(format('%I.%I', split_part(v_table::text, '.', 1), v_name)) is null then
      -- What is made stays locked to the end, and who waits for it may hold the next one: then nobody is waited for.
      perform set_config('lock_timeout', case when v_made = 0 then '200ms' else '1ms' end, true);
      for v_try in 1..5 loop
        begin
          perform ops.make_partition(v_table, v_name, base.first_id(v_begin), base.first_id(v_end));
          v_made := v_made + 1;
          exit;
        exception
          when check_violation then
            exit;  -- the default partition has rows of that time already; there they stay
          when lock_not_available then
            v_held := case when v_try = 5 then v_table end;
        end;
      end loop;
    end if;
  end loop;
  perform set_config('lock_timeout', v_wait, true);
  return v_made;
end
$$;

comment on function ops.make_partitions() is 'Makes the partitions that are missing; returns how many';

-- The lock that takes a partition away waits for whoever reads the table, and everybody else waits behind it: so it
-- waits for a moment only, and comes again.
create function ops.drop_partitions()
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_part    regclass;
  v_dropped integer := 0;
begin
  perform set_config('lock_timeout', '200ms', true);

  update ops.partitioned_tables t
     set dropped_before = date_trunc(t.step, now() - make_interval(days => base.setting(t.keep_setting)::integer), 'UTC')
   where t.keep_setting is not null;

  for v_part in
    select c.oid
      from ops.partitioned_tables t
      join pg_inherits i on i.inhparent = t.name::regclass
      join pg_class c on c.oid = i.inhrelid
     where t.dropped_before is not null
       and c.relname <> split_part(t.name, '.', 2) || '_default'
       and c.relname < ops.partition_name(t.name::regclass, t.step, t.dropped_before)
     order by c.relname
     limit 30  -- each stays locked to the end; the next run goes on
  loop
    execute format('drop table %s', v_part);
    v_dropped := v_dropped + 1;
  end loop;
  return v_dropped;
end
$$;

comment on function ops.drop_partitions() is 'Drops the partitions that are not kept any more; returns how many';

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'partitioned_tables', 'reference', 'the same tables everywhere');

------------------------------------------------------------------------------------------------------------------
-- The audit trail. Two tables, because a trail that cannot be changed and a person's right to be forgotten meet
-- here: ops.audit_logs holds ids, actions and column names and is never changed; what may be personal (values,
-- address, what the client called itself and its request) is in ops.audit_details, bound to its row by a salted digest,
-- and may be erased with a record.

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
comment on column ops.audit_logs.detail_digest is
  'Digest over salt and detail: shows later that the detail was not replaced';

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
  request_id text,
  difference jsonb not null default '{}',
  constraint audit_details_pkey primary key (audit_id)
) partition by range (audit_id);

comment on table ops.audit_details is
  'The part of the trail that may be personal: values, address, and what the client called itself and its request';
comment on column ops.audit_details.audit_id is 'The row of ops.audit_logs';
comment on column ops.audit_details.user_id is 'The user whose data it is, to find it for erasure';
comment on column ops.audit_details.salt is 'Makes the digest worthless for guessing an erased value';
comment on column ops.audit_details.address is 'Address the call came from';
comment on column ops.audit_details.user_agent is 'What the client called itself';
comment on column ops.audit_details.request_id is 'X-Request-Id of the call, which the client may have chosen';
comment on column ops.audit_details.difference is 'Column name -> {"before", "after"}; secrets never get here';

create index audit_details_user_id_idx on ops.audit_details (user_id, audit_id);
comment on index ops.audit_details_user_id_idx is 'For the export of a user, page by page, and for erasing one';
create index audit_details_login_idx on ops.audit_details ((difference ->> 'login_digest')) where user_id is null;
comment on index ops.audit_details_login_idx is
  'For erasing a user: attempts that named the account and found none active';

create table ops.audit_erasures (
  audit_id    uuid not null,
  user_id     uuid,
  erased_at   timestamptz not null default clock_timestamp(),
  acting_role text not null default session_user,
  reason      text not null,
  key_id      text not null,
  digest      bytea not null,
  constraint audit_erasures_pkey primary key (audit_id),
  constraint audit_erasures_digest_check check (length(digest) = 32)
);

comment on table ops.audit_erasures is
  'Which details were erased, and why; without such a row a detail cannot be removed. Each is sealed as it is written';
comment on column ops.audit_erasures.audit_id is 'The row of ops.audit_logs whose detail is gone';
comment on column ops.audit_erasures.user_id is 'For whose sake';
comment on column ops.audit_erasures.erased_at is 'When';
comment on column ops.audit_erasures.acting_role is 'The database login that erased';
comment on column ops.audit_erasures.reason is 'Why';
comment on column ops.audit_erasures.key_id is 'Which key it was sealed with';
comment on column ops.audit_erasures.digest is 'HMAC-SHA-256 over all of this';

create index audit_erasures_user_id_idx on ops.audit_erasures (user_id, audit_id);
comment on index ops.audit_erasures_user_id_idx is 'For the export of a user, page by page';

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

-- Durable, because a seal has to be checked years later: what goes into a digest never changes. It is every column.
create function ops.audit_digest(p_row ops.audit_logs)
returns bytea
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select sha256(convert_to(jsonb_build_array(
    p_row.id, extract(epoch from p_row.occurred_at), p_row.actor_id, p_row.api_key_id, p_row.acting_role, p_row.user_id,
    p_row.action, p_row.entity_type, p_row.entity_id, to_jsonb(p_row.changed),
    encode(p_row.detail_digest, 'hex'))::text, 'UTF8'))
$$;

comment on function ops.audit_digest(ops.audit_logs) is 'What a seal remembers of a row of the trail';
grant execute on function ops.audit_digest(ops.audit_logs) to plinth_system;

create function ops.detail_digest(p_detail ops.audit_details)
returns bytea
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select sha256(p_detail.salt || convert_to(jsonb_build_array(
    p_detail.audit_id, p_detail.user_id, p_detail.address, p_detail.user_agent, p_detail.request_id,
    p_detail.difference)::text, 'UTF8'))
$$;

comment on function ops.detail_digest(ops.audit_details) is 'What a row of the trail remembers of its detail';
grant execute on function ops.detail_digest(ops.audit_details) to plinth_system;

create function ops.erasure_digest(p_erasure ops.audit_erasures, p_key bytea)
returns bytea
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select ext.hmac(convert_to(jsonb_build_array(
    p_erasure.audit_id, p_erasure.user_id, extract(epoch from p_erasure.erased_at), p_erasure.acting_role,
    p_erasure.reason, p_erasure.key_id)::text, 'UTF8'), p_key, 'sha256')
$$;

comment on function ops.erasure_digest(ops.audit_erasures, bytea) is
  'The digest of a record of an erasure under its key';
grant execute on function ops.erasure_digest(ops.audit_erasures, bytea) to plinth_system;

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
  v_id     uuid := base.new_id();
  v_detail ops.audit_details := (v_id, p_user_id, ext.gen_random_bytes(16), base.request_context(3)::inet,
                                 base.request_context(4), base.request_context(2), p_difference);
begin
  insert into ops.audit_logs
    (id, actor_id, api_key_id, user_id, action, entity_type, entity_id, changed, detail_digest)
  values
    (v_id, base.current_user_id(), base.request_context(5)::uuid, p_user_id, p_action, p_entity_type, p_entity_id,
     array(select k from jsonb_object_keys(p_difference) k order by k), ops.detail_digest(v_detail));

  insert into ops.audit_details select v_detail.*;

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
  v_left    text[] := coalesce(tg_argv[3], '{}')::text[] || '{updated_at,version}';
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
     and k.name <> all (v_left);

  if v_changes <> '{}' then
    perform ops.write_audit(
      lower(tg_op), format('%s.%s', tg_table_schema, tg_table_name), v_row ->> tg_argv[0],
      (v_row ->> tg_argv[1])::uuid, v_changes);
  end if;
  return null;
end
$$;

comment on function ops.tg__audit() is
  'Arguments: id column, user column, arrays of secret columns and of such to leave out. Writes what differs to the trail';

-- Here because settings are older than the trail. Whoever loosens a protection is on record; settings that a deploy
-- adds change nothing.
create trigger _800_audit after delete or update on base.settings
  for each row execute function ops.tg__audit('name', 'user_id');

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
  ('ops', 'audit_logs', 'keep', '{}', '{detail_digest}', '{acting_role,action,entity_type,entity_id,changed}'),
  ('ops', 'audit_details', 'delete', '{request_id,difference}', '{salt,address,user_agent}', '{}'),
  ('ops', 'audit_erasures', 'keep', '{}', '{digest}', '{acting_role,reason,key_id}');

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

grant select on ops.job_runs to plinth_operator, plinth_system;

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
create index outbox_address_idx on ops.outbox (lower(address));
comment on index ops.outbox_address_idx is 'For erasing whoever had the address';
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
insert into base.table_privacy (schema_name, table_name, address_column, personal, hidden, neutral) values
  ('ops', 'outbox', 'address', '{address,payload,dedup,last_error}', '{token_encrypted}', '{kind,language}');

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

That works once, for {days} days. It restores this address, signs out everywhere, revokes API keys, and makes the
password void: the link for a new one comes in another mail.
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
  ('provider_keys:use', 'Read one''s own keys of other services'),
  ('usage:read',     'See what everybody uses'),
  ('endpoints:explain', 'See the plans of the queries that endpoints run'),
  ('users:read',     'See every account'),
  ('users:write',    'Make, change, suspend and delete accounts'),
  ('users:export',   'Take along everything that is held of another person'),
  ('roles:read',     'See roles, and who has which'),
  ('roles:write',    'Change roles, assign them and take them back'),
  ('audit:read',     'Read the audit trail'),
  ('flags:manage',   'Switch features on and off, and for whom'),
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
  ('developer',     'Builds on it',              '["self:read", "self:write", "teams:write", "keys:write",
   "provider_keys:use"]', true),
  ('user',          'Uses what others built',    '["self:read", "self:write", "teams:write", "provider_keys:use"]', true),
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
  proved_at          timestamptz,
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
  -- Nil is who is not known (ops.api_usage), max is after everybody: neither is anybody's id.
  constraint users_id_check check (id not in ('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff')),
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
comment on column auth.users.proved_at is
  'When an address of the account was first verified; NULL: never, and whoever registered it may not own the address';
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

-- Deleted or not, verified or not: the dates follow, whoever sets it. The date of the erasure is fixed here, so that a
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
  new.proved_at := coalesce(new.proved_at, case when new.email_verified then clock_timestamp() end);
  return new;
end
$$;

comment on function auth.tg_users__keep_dates() is
  'Sets and clears deleted_at and erase_after as the status says; sets proved_at with the first verified address';

create trigger _050_keep_dates before insert or update of status, email_verified on auth.users
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

create index logins_user_id_login_idx on auth.logins (user_id, login);
comment on index auth.logins_user_id_login_idx is 'For exports, which read each table in the order of its key';

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
comment on column auth.sessions.last_seen_at is 'When it was last used, to the minute, or refreshed';
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
  id         uuid not null default base.new_id(),
  token_hash bytea not null,
  session_id uuid not null,
  spent_at   timestamptz not null default clock_timestamp(),
  constraint spent_refresh_tokens_pkey primary key (user_id, id),
  constraint spent_refresh_tokens_token_hash_key unique (token_hash),
  constraint spent_refresh_tokens_session_id_fkey
    foreign key (user_id, session_id) references auth.sessions (user_id, id) on delete cascade,
  constraint spent_refresh_tokens_token_hash_check check (length(token_hash) = 32)
);

comment on table auth.spent_refresh_tokens is 'Refresh tokens that were used: one that comes back ends its session';
comment on column auth.spent_refresh_tokens.user_id is 'The account';
comment on column auth.spent_refresh_tokens.id is 'Ordered by time; names the row where its hash must not be told';
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

-- An erasure is begun at once and goes on piece by piece, each with its own commit: an account of any size holds up no
-- other, and whatever interrupts it, the next piece follows.
create table auth.erasures (
  user_id  uuid not null,
  reason   text not null,
  logins   text[] not null,
  begun_at timestamptz not null default clock_timestamp(),
  tried_at timestamptz not null default clock_timestamp(),
  places   jsonb not null default '{}',
  constraint erasures_pkey primary key (user_id),
  constraint erasures_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade
);

comment on table auth.erasures is
  'Erased accounts of which rows are left; the last piece takes this row along';
comment on column auth.erasures.user_id is 'The account';
comment on column auth.erasures.reason is 'Why it is erased';
comment on column auth.erasures.logins is
  'Its names and addresses, to find them in rows of others; gone with the last piece';
comment on column auth.erasures.begun_at is 'From when on the account is nobody''s';
comment on column auth.erasures.tried_at is 'When a piece was last removed, or failed to be: who waits longest is next';
comment on column auth.erasures.places is 'Per table whose rows are emptied and stay: the key of the last one that was';

create index erasures_tried_at_idx on auth.erasures (tried_at, user_id);
comment on index auth.erasures_tried_at_idx is 'For core.erase_deleted_users: who is next';

------------------------------------------------------------------------------------------------------------------
-- Row policies: the owner's functions see the rows of the user they act for, operators may look, and plinth_system
-- has exactly the verbs its reviewed functions need.
------------------------------------------------------------------------------------------------------------------

do $$
declare
  v_table text;
begin
  foreach v_table in array array['users', 'logins', 'user_roles', 'sessions', 'spent_refresh_tokens', 'erasures'] loop
    execute format('alter table auth.%I enable row level security', v_table);
    execute format('alter table auth.%I force row level security', v_table);
    execute format('create policy operator_read on auth.%I for select to plinth_operator using (true)', v_table);
    execute format('grant select on auth.%I to plinth_operator', v_table);
  end loop;

  foreach v_table in array array['logins', 'user_roles', 'sessions', 'spent_refresh_tokens', 'erasures'] loop
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
create policy system_read on auth.erasures for select to plinth_system using (true);
create policy system_update on auth.erasures for update to plinth_system using (true);

grant select, insert, update on auth.users, auth.logins, auth.sessions to plinth_system;
grant delete on auth.sessions to plinth_system;
grant select, insert on auth.spent_refresh_tokens to plinth_system;
grant select, update on auth.erasures to plinth_system;
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
  ('auth', 'spent_refresh_tokens', 'by-user', 'beside its session'),
  ('auth', 'erasures',   'by-user',   'with the rows it removes');

insert into base.table_privacy (schema_name, table_name, on_erase, personal, hidden, neutral) values
  ('auth', 'logins',     'delete', '{login}', '{}', '{kind}'),
  ('auth', 'user_roles', 'delete', '{}', '{}', '{role}'),
  ('auth', 'sessions',   'delete', '{address,user_agent}', '{token_hash,refresh_hash}', '{end_reason}'),
  ('auth', 'spent_refresh_tokens', 'delete', '{}', '{token_hash}', '{}'),
  -- Kept while the rest goes; core.erase_rows removes it as the last.
  ('auth', 'erasures',   'keep',   '{}', '{logins}', '{reason,places}');
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
  ('password.minimum_length_two_factor', '8', 'integer', 8, 256,
   'Code points a password needs where a second factor is asked for, too'),
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

-- db/schema/115_common_passwords.sql

-- auth: passwords that everybody tries first. Written by make common-passwords; not edited by hand.
-- From the package zxcvbn 4.5.0, list "passwords", those of 8 characters and more.
-- Copyright (c) 2016 Daniel Wolf, under the MIT License.

create table auth.common_passwords (
  value text collate "C" not null,
  constraint common_passwords_pkey primary key (value),
  constraint common_passwords_value_check
    check (value = lower(value) and length(value) >= 8)
);

comment on table auth.common_passwords is 'Passwords so frequent that they are tried first';
comment on column auth.common_passwords.value is 'In lower case';

grant select on auth.common_passwords to plinth_system, plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('auth', 'common_passwords', 'reference', 'the same list everywhere');

insert into auth.common_passwords (value)
select string_to_table(btrim(translate('
!qaz2wsx !qazxsw2 %%passwo %e2%82%ac .adgjmptw 0.0.0.000 0000000000d 0000000000o 00000001 00000007 00009999 000777fffa
00096462 00197400 007james 00998877 01011900 01011910 01011950 01011960 01011961 01011970 01011971 01011972 01011973
01011974 01011975 01011976 01011977 01011978 01011979 01011980 01011981 01011982 01011983 01011984 01011985 01011986
01011987 01011988 01011989 01011990 01011991 01011992 01011993 01011994 01011995 01011999 01012000 01012001 01012010
01012011 01020304 0102030405 010203040506 01021990 01031985 01031988 01031989 01041985 01041988 01061986 01061990
01071986 01081988m 01081989 01091987 01091989 01121986 01121988 012345678910 0123654789 013cpfza 014702580369 0147258369
01478520 0147852369 01478963 0147896325 0192837465 01telemike01 02011971 02011975 02011980 02011981 02011982 02011983
02011984 02011985 02011986 02011987 02011988 02011989 02021971 02021973 02021976 02021979 02021981 02021982 02021983
02021984 02021985 02021986 02021987 02021988 02021989 02021990 02031970 02031973 02031974 02031975 02031977 02031978
02031979 02031980 02031981 02031982 02031984 02031985 02031986 02031987 02031988 02031989 02041972 02041973 02041974
02041975 02041976 02041977 02041978 02041979 02041980 02041981 02041982 02041983 02041984 02041985 02041986 02041987
02041988 02041989 02051970 02051972 02051973 02051975 02051976 02051977 02051978 02051980 02051981 02051982 02051983
02051984 02051985 02051986 02051987 02051988 02051989 02061971 02061972 02061974 02061976 02061977 02061980 02061982
02061983 02061984 02061985 02061986 02061987 02061988 02061989 02071971 02071975 02071976 02071978 02071979 02071980
02071981 02071982 02071983 02071984 02071986 02071987 02071988 02071989 02081970 02081973 02081974 02081976 02081977
02081980 02081982 02081983 02081984 02081985 02081986 02081987 02081988 02081989 02091971 02091973 02091975 02091976
02091977 02091980 02091981 02091983 02091984 02091985 02091986 02091987 02091989 02101973 02101976 02101977 02101979
02101981 02101983 02101984 02101985 02101986 02101987 02101988 02101989 02551670 02588520 03031986 03041986 03041991
03082006 033028pw 04041988 04041991 04325956 04975756 05051985 05051987 05051989 06061986 06225930 063dyjuy 07071977
07071987 07091990 0773417k 07831505 07931505 08031985 08031986 08051990 08081988 08121986 08154711 08522580 085tzzqi
09051945 09080706 090808qwe 0987654321a 0987654321q 09877890 0cdh0v99ue 0o9i8u7y 0o9i8u7y6t 0okm9ijn 0p9o8i7u 0raziel0
0sister0 10011986 10011990 100200300 10031988 10051987 10071987 100years 10101986 10101990 10111213 10203040 102030405
1020304050 102030405060 10293847 102938475 1029384756 1029384756q 10293847qp 10inches 11001001 11051987 11051990
11061985 11081989 11111111 1111111111zz 11111111a 11111118 1111111a 1111111q 111111aa 1111122222 11111aaaaa 11112222
11119999 1111aaaa 1111qqqq 11121314 1112131415 11121986 11122233 111222333 111222333000 111222333444555 111222333a
111luzer 111zzzzz 1122112211 11223300 11223311 11223344 112233445 1122334455 112233445566 11223344q 11223355 112233aa
11234567 11235813 112358132 1123581321 11251422 11335577 1133557799 118a105b 11924704 11c645df 11qq22ww 12011987
12021988 12031985 12031987 12051988 1211123a 12121985 12121990 1212312121 12123434 12131415 1213141516 12213443
1223334444 122333444455555 12233445 12312312 123123123a 123123123q 123123321 12312345 123123456 123123789 123123qq
123123qwe 123123qweqwe 1232323q 12332100 12332112 123321123 12332145 123321456 123321456654 123321aa 123321az 123321qaz
123321qq 123321qw 123321qwe 123321qweewq 12340987 12341234q 12342000 12343412 12344321 12344321a 12344321q 1234509876
12345123 123451234 1234512i 123452000 123452345 12345432 123454321 123455432 1234554321 1234554321a 1234554321q 12345600
12345611 12345612 123456123 1234562000 123456321 12345654321 12345656 123456654 123456654321 12345666 12345670 12345671
12345672000 12345677 12345678 123456780 123456781 123456782000 123456788 1234567887654321 123456789 123456789.
1234567890 12345678900 123456789000 12345678900987654321 1234567890987654321 1234567890a 1234567890d 1234567890m
1234567890o 1234567890p 1234567890q 1234567890qaz 1234567890qw 1234567890qwe 1234567890qwerty 1234567890s 1234567890w
1234567890z 1234567890zzz 1234567891 12345678910 123456789101 12345678912 123456789123 1234567892000 12345678987654321
1234567899 123456789987654321 123456789a 123456789aa 123456789abc 123456789as 123456789asd 123456789b 123456789c
123456789d 123456789e 123456789f 123456789g 123456789i 123456789j 123456789k 123456789l 123456789m 123456789n 123456789o
123456789p 123456789q 123456789qaz 123456789qq 123456789qqq 123456789qw 123456789qwe 123456789qwer 123456789qwerty
123456789r 123456789s 123456789t 123456789v 123456789w 123456789x 123456789y 123456789z 123456789zx 123456789zxc
123456789zz 12345678a 12345678c 12345678d 12345678i 12345678m 12345678q 12345678qwe 12345678s 12345678w 12345678z
12345679 123456798 1234567a 1234567aa 1234567b 1234567d 1234567j 1234567k 1234567l 1234567m 1234567q 1234567qw
1234567qwertyu 1234567r 1234567s 1234567t 1234567u 1234567v 1234567w 1234567z 12345687 12345689 12345698 123456987
12345699 123456aa 123456aaa 123456ab 123456abc 123456as 123456asd 123456qaz 123456qq 123456qqq 123456qw 123456qwe
123456qwer 123456qwert 123456qwerty 123456rrr 123456ru 123456ss 123456zx 123456zxc 123456zz 12345789 123459876 12345abc
12345abcd 12345abcde 12345asd 12345asdfg 12345qaz 12345qqq 12345qwe 12345qwer 12345qwert 12345qwerty 12345rewq
12345trewq 12345zxc 12345zxcvb 12346789 12347890 12348765 12349876 1234abcd 1234asdf 1234kekc 1234qwer 1234qwerasdf
1234qwerasdfzxcv 1234qwert 1234qwerty 1234rewq 1234rmvb 1234zxcv 12356789 123578951 123581321 12365478 123654789
1236547890 123654789a 123654987 12369874 123698741 123698745 1236987z 123789456 123987456 123abc123 123as123 123asd123
123boots1 123ewqasd 123hfjdk147 123joker 123lol123 123masha 123mudar 123qaz123 123qazwsx 123qq123 123qw123 123qwaszx
123qwe12 123qwe123 123qwe321 123qwe456 123qwe456rty 123qweas 123qweasd 123qweasdzx 123qweasdzxc 123qweqwe 123qwert
123qwerty 123qwerty123 123zxc123 12435687 12457896 124578963 12481632 12758698 12e3e456 12inches 12locked 12monkey
12monkeys 12qw12qw 12qw34er 12qw34er56ty 12qwaszx 12qwerty 12s3t4p55 12string 13021990 13031987 13041987 13041988
13061986 13121985 13243546 13245678 13245768 132465798 132forever 13324124 133andre 134679258 13467982 13467985
134679852 1346798520 134kzbip 135135ab 13571113 13572468 13576479 1357908642 1357911q 13579135 13579246 135792468
1357924680 135797531 135798642 1357997531 14021985 14021986 14061991 14071789 14111986 14142135 14159265 142536789
14314314 14725836 147258369 1472583690 147258369a 147369258 14785236 147852369 147852963 14789632 147896321 147896325
14881488 14938685 14vbqk9p 15011987 15021985 15051981 15051990 15101986 151nxjmt 15253545 15426378 154ugeiu 158uefas
159357123 159357258 159357456 15935746 159357852 15975300 15975312 159753123 15975321 1597532486 159753258 159753456
159753456852 15975346 159753852 15975391 15987532 159875321 159951159 15s9pu03 16051987 16051989 16121987 17011987
17051988 17061988 17071994a 17171717aa 172839456 17711771s 18011987 18061990 18091985 18121812 18254288 18273645
18436572 18821221 18n28n24a 19061987 19101987 19216801 19216811 19283746 192837465 1928374655 19371ayj 19372846 19380018
19391945 19411945 1958proman 19719870 1972chev 19733791 19755791 19761977 19801982 19801984 19821983 19822891 19831985
19833891 19841989 19844891 19851985p 19855891 19866891 1986irachka 1986mets 19877891 19891959 19899891 19911992 19921993
19922991 19932916 19933991 19944991 19952009sa 19955991 19966991 19977991 19992000 19mtpgam19 1a2a3a4a 1a2a3a4a5a
1a2b3c4d 1a2b3c4d5e 1a2s3d4f 1a2s3d4f5g 1a2s3d4f5g6h 1aaaaaaa 1abcdefg 1andonly 1arsenal 1asdfghj 1asshole 1assword
1autopas 1basebal 1bastard 1bbbbbbb 1bigdadd 1bigdick 1bigfish 1brandon 1bulldog 1bullshi 1butthea 1carolin 1ccccccc
1charles 1charlie 1chelsea 1chester 1chicken 1christi 1compute 1corvett 1cowboys 1creativ 1cricket 1crystal 1diamond
1digital 1dolphin 1drummer 1eeeeeee 1escobar2 1explore 1ferrari 1fishing 1flowers 1footbal 1forever 1freedom 1fuckyou
1gandalf 1gateway 1ggggggg 1grizzly 1heather 1herbier 1hxboqg2 1hxboqg2s 1iiiiiii 1j9e7f6f 1jackson 1jeffrey 1jennife
1jessica 1jjjjjjj 1johnson 1ladybug 1letmein 1loveyou 1manager 1matthew 1melissa 1mercede 1michael 1michell 1million
1monster 1montana 1mustang 1newlife 1packers 1panther 1panties 1pass1page 1passwor 1password 1patrick 1peaches 1penguin
1phoenix 1porsche 1pumpkin 1q2q3q4q 1q2q3q4q5q 1q2w3e4r 1q2w3e4r5 1q2w3e4r5t 1q2w3e4r5t6y 1q3e5t7u 1qa2ws3e 1qa2ws3ed
1qa2ws3ed4rf 1qa2ws3ed4rf5tg 1qasw23ed 1qay2wsx 1qayxsw2 1qaz!qaz 1qaz0okm 1qaz2wsx 1qaz2wsx3edc 1qaz2wsx3edc4rfv
1qaz3edc 1qaz@wsx 1qazwsxedc 1qazxcvb 1qazxdr5 1qazxsw2 1qazxsw23edc 1qazxsw23edcvfr4 1qazzaq1 1qw23er4 1qwerty1
1qwertyu 1qwertyuiop 1rainbow 1rangers 1richard 1rosebud 1s1h1e1f1 1samanth 1scooter 1sexyred 1simpson 1starwar 1steeler
1stunner 1sunshin 1superma 1therock 1thunder 1tiffany 1trouble 1vampire 1w2q3r4e 1w2w3w4w 1warrior 1wildcat 1william
1winston 1x2zkg8w 1xrg4kcq 1xxxxxxx 1z2x3c4v 1z2x3c4v5b 1zxcvbnm 1zzzzzzz 2000jeep 200190ru 20031987 2004-10- 20051988
20061988 20091988 20091989q 20091991 20111986 201jedlz 20spanks 21011989 21031987 21031988 21031990 21051988 21051991
21101986 21125150 2112rush 212009164 212121qaz 213546879 213qwe879 21436587 22011988 22021986 22021989 22031984 22041987
22041988 22061941 22071986 221195ws 22221111 22223333 22334455 22446688 2278124q 22q04w90e 23021986 23041987 23049307
2305822q 23176djivanfros 23jordan 23skidoo 23wesdxc 24011985 2401pedro 24061986 24111989 243462536 245lufpq 2468013579
24681012 24681357 246813579 24688642 24861793 248ujnfk 24gordon 24pnz6kc 2502557i 25031987 25041988 25081988 25091987
25121987 25251325 254xtpss 25800852 25802580 26031988 26061987 260zntpc 26429vadim 267ksyjf 27061988 27731828 28011987
28021990 28021992 28041987 287hf71h 28infern 29011985 29051989 29071983 299792458 2b4dnvsx 2b8riedt 2bigtits 2bornot2
2bornot2b 2children 2dumb2live 2hot4you 2i5fdruv 2kash6zq 2letmein 2sexy2ho 2w3e4r5t 2wj2k9oj 2wsx1qaz 2wsx3edc 2wsx4rfv
2wsxcde3 2wsxzaq1 2ykn5ccf 30031988 30041986 30051985 305pwzlr 30624700 31011987 31021364 311music 31217221027711
31359092 31415926 314159265 3141592654 31415927 321456987 32165498 321654987 3216732167 321ret32 326159487 32615948worms
333222111 33334444 333666999 335533aa 33rjhjds 343104ky 34523452 34524815 34erdfcv 3611jcmg 36169544 36460341 368ejhih
36925814 369258147 36985214 369852147 36987412 369874125 37583867 380zliki 383pdjvl 38972091 38gjgeuftd 3edc4rfv
3edcvfr4 3f3fpht7op 3rjs1la7qe 3stooges 3syqo15hil 3techsrl 3xbobobo 40028922 4077mash 413276191q 41d8cd98f00b 42042042
420smoke 427cobra 4294967296 42qwerty42 43046721 4311111q 43211234 4321rewq 44332211 44445555 44448888 444555666
44556677 44e3ebda 44magnum 4506802a 454dfmcq 456123789 45645645 45678912 456789123 45m2do5bs 46466452 46775575 474jdvff
478jfszk 4809594q 48151623 481516234 4815162342 4815162342a 4815162342lost 4815162342q 48n25rcc 4904s677075 49527843
495rus19 4cranker 4ebouux8 4fa82hyx 4freedom 4g3izhox 4gxrzemq 4me2know 4r3e2w1q 4rfv3edc 4rfv5tgb 4rzp8ab7 4seasons
4z34l0ts 4z3al0ts 50spanks 51051051051 51094didi 51501984 51502112 51525354 51842543 52545856 52678677 531879fiz
5411pimo 541233432442 54132442 5432112345 545ettvy 551scasi 55378008 55443322 5544332211 55495746 554uzpad 55556666
555666777 55667788 55832811 55bgates 565hlgqo 567rntvm 56836803 57392632 57699434 58565254 59382113kevinp 5c92v5h6
5element 5gtgiaxm 5hsu75kpot 5t4r3e2w1q 5t6y7u8i 5tgb6yhn 5tgbnhy6 5w76rnqp 5wr2i7h8 61808861 625vrobg 62717315 6339cndh
640xwfkv 6458zn7a 65mustan 66005918 66613666 66669999 666999666 666satan 669e53e1 671fsa75yt 67390436 67899876 67camaro
67mustan 682regkh 6846kg3r 686xqxfg 68camaro 69213124 69camaro 6gcf636i 6jhwmqku 6xe8j2z4 6yhn7ujm 705499fh 73501505
74108520 74123698 741236985 741258963 74185296 741852963 7418529630 741852kk 74227422 742617000027 748159263 753951456
753951852 754740g0 7653ajl1 7654321a 76689295 766rglqy 770129ji 777555333 7777755102q 77777778 7777777a 7777777s
7777777z 77778888 777888999 777angel 78621323 789123456 78945612 789456123 7894561230 789456123a 78963214 789632145
789632147 789654123 78978978 78n3s5af 794613258 794613852 7elephants 7ertu3ds 7f4df451 7gorwell 7hrdnw23 7imjfstw
7jokx7b9du 7ovtgimc 7u8i9o0p 7ugd5hip2j 80070633pc 80637852730 808state 8096468644q 80988218126 81726354 824358553
8363eddy 85200258 85852008 863abgsg 86753099 86chevyx 87062134 870621345 87654321q 878kckxy 87e5nclizry 88002000600
88351132 88887777 88889999 890098890 89015173454 89032073168 89172735872 89211375759 89231243658s 8928190a 89600506779
89876065093rax 8j4ye3uz 8letters 8phrowz622 8phrowz624 8seconds 8xuuobe4 9085084232 9085603566 911turbo 91328378
918273645 92702689 9293709b13 9379992a 9379992q 944turbo 951753852 96321478 963214785 963258741 96385274 963852741
9638527410 98256518 98741236 987412365 98745632 987456321 987654123 987654321a 987654321g 987654321q 987654321z 98766789
98798798 989244342a 99762000 99887766 9988776655 999111999q 999666333 999888777 99ranger 99strenght 9hmlpyjd 9hotpoin
9kyq6fge 9z5ve9rrcz a1234567 a12345678 a123456789 a1234567890 a123456a a123456b a123456z a19l1980 a1a2a3a4 a1a2a3a4a5
a1b2c3d4 a1b2c3d4e5 a1l2e3x4 a1s2d3f4 a1s2d3f4g5 a1s2d3f4g5h6 a32tv8ls a3eilm2s2y a7777777 a7nz8546 a8kd47v5 a9387670a
a987654321 aa1111aa aa123123 aa123321 aa123456 aa123456789 aaa12345 aaa123456 aaaa1111 aaaa1122 aaaaaaa1 aaaabbbb
aaaassss aabbccdd aardvark aaron123 aassddff ab123456 ab12cd34 abc12345 abc123456 abc123456789 abc123abc abcd1234
abcd12345 abcde123 abcde12345 abcdef12 abcdef123 abcdefg1 abercrom aberdeen abhishek abigail1 abnormal abracada
abracadabra abrakadabra abramova absinthe abulafia ac2zxdty acapulco access01 access12 access123 access14 access20
access22 access88 access99 accessno account1 accountbloc acdeehan acerview aceshigh achilles acidburn acidrain acmilan1
acun3t1x acuransx acurarsx adam1234 adapters adelante adelheid adelphia adgjmptw adidas11 adidas12 adidas69 admin123
admin18533362 admiral1 adrenali adrenalin adriana1 adrianna1 adv12775 advance1 advantag adventur adxel187 aerosmit
aerosmith aerostar aessedai aezakmi1 afhvfwtdn afrika2002 afrodita afrodite aftermat agamemno agapov58 agbdlcid agent007
aggarwal agnieszka agricola aikman08 airborn1 airborne airbrush airedale airforce airforce1 airjordan airplane aishiteru
aishwarya ajcuivd289 ajnjuhfa ajnjuhfabz ak470000 akademia akatsuki akinfeev aksarben al123456 alabama1 alabama123
alabaste alakazam alanfahy alastair albacore albatros albert12 albertjr alberto1 alcapone alcatraz alcoholi aldebara
aldebaran alderaan alejandr aleksand aleksander aleksandr aleksandra alekseev alekseeva alemania alena123 alena2010
alenushka alessand alessandr alessandro alevtina alex1234 alex12345 alex1959 alex1971 alex1973 alex1974 alex1975
alex1976 alex1981 alex1982 alex1983 alex1985 alex1987 alex1989 alex1990 alex1991 alex1995 alex1996 alex1998 alex2000
alex2009 alex2010 alex2112 alexand1 alexande alexander1 alexandr alexandra1 alexandre alexandru alexis01 alexsander
alexsandr alfabeta alfarome alfaromeo alfredo1 algernon alhambra alicante alice123 aligator alina123 alina1994 alina1995
alina1998 alina2002 alina2006 alina2010 alina2011 alino4ka alinochka alkaline allalone allan123 allblack allblacks
allen123 alleycat alligato alligator allison1 allister allnight allochka allstar1 allstars allstate alltheway almaz666
alohomora aloysius alpacino alpha123 alphabet alphabeta alphadog alphaman alphaome alphaomega alphaone alphasig alskdjfh
alskdjfhg altavista alterego alternat alternativa alucard1 am4h39d8nh amadeus1 amadeusptfcor amanda01 amanda10 amanda11
amanda12 amanda123 amanda18 amanda69 amandine amaranth amarillo amaterasu amateurs amatuers amazing1 amazonas amazonka
amber123 amberdog amberlee ambrosia ambulanc amekpass america1 america2 ameritec amersham amethyst amiga500 amorcito
amoremio amsterda amsterdam amsterdam1 an83546921an13 anabelle anabolic anaconda anakonda analfuck anallove analslut
anarchy1 anastaci anastasi anastasija anastasiy anastasiya anastasya anathema anatoliy ancella2 anchorag anchorat
andranik andre123 andrea11 andrea12 andrea99 andreas1 andreeva andrei123 andreika andretti andrew01 andrew10 andrew11
andrew12 andrew123 andrew13 andrew17 andrew22 andrew23 andrew88 andrew99 andrewjackie andrey12 andrey123 andrey1992
andreyka andromed andromeda andy2000 andyod22 anfield1 angel007 angel123 angel666 angel777 angela12 angelbab angeldog
angeleye angeleyes angeliqu angelito angelo4ek angelochek angelofwar anguilla angus123 anhnhoem anhyeuem animal2000
animals1 animalsex anime123 anisimov anna12345 anna1982 anna1984 anna1985 anna1986 anna1987 anna1988 anna1989 anna1990
anna1994 anna1997 anna2000 anna2002 anna2010 anna2614 annamari annapoli annarbor annelies annemari annette1 annie123
anniedog annushka anonymer anonymou another1 antananarivu anteater antelope anthony0 anthony1 anthony2 anthony3 anthony4
anthony5 anthony7 anthony8 anthony9 antietam antiflag antigone antihero antivirus anton123 antonell antonella antonia1
antonio1 antonio2 antonio3 antonioj antonius antonova antoshka anuradha aolsucks aotearoa apache64 aphrodit apocalyp
apokalipsis apollo11 apollo12 apollo13 appelsin apple123 applegat applemac applepie apples12 apples123 applesauce
appleseed appletre aq1sw2de3 aqswdefr aquafina aqualung aquamann aquarius aquemini aqwzsxedc arabella arachnid aragorn1
arcangel archange archangel archibal archimed architec archmage arclight arcturus aregdone arenrone areyukesc argentin
argentum argonaut arhangel arianna1 aristote aristotl arizona1 arkangel arlingto armadill armagedd armageddon armagedo
armagedon armastus armstron arnster55 arrowhea arschloc arschloch arsehole arsenal0 arsenal1 arsenal123 arsenal2
arsenal7 arsenal9 arsenalf arsenalfc arshavin art131313 artcast2 artefact artem123 artem1992 artem1995 artem2010
artem777 artemis1 artichok artiller artofwar arwpls4u arxangel as123456 asd12345 asd123456 asd123asd asd123qwe asdasd12
asdasd123 asdasd22 asdasdas asdf1234 asdf12345 asdf4321 asdf67nm asdfasdf asdfasdf1 asdffdsa asdfg123 asdfg1234
asdfg12345 asdfgh01 asdfgh12 asdfgh123 asdfgh123456 asdfghj1 asdfghjk asdfghjkl asdfghjkl1 asdfghjkl123 asdfjkl1
asdfjkl; asdflkjh asdfqwer asdfrewq asdfzxcv asdqwe123 asdzxc123 asfnhg66 ashley01 ashley11 ashley12 ashley123 ashley19
ashley24 ashley69 asmodean asmodeus aspirant aspirina aspirine assa1234 assasins assassin assassins assclown asscrack
asseater assembler assfucke asshole1 asshole123 asshole2 asshole3 assholes asslicke asslicker asslover assmaste
assmaster assmonke assmunch associat assword1 astalavista astaroth asterios asterix1 astonmar astonmartin astonvil
astonvilla astra123 astroboy astroman astrovan at4gftlw athlon64 atlanta1 atlantida atlantis atljhjdf atombomb atreides
auckland2010 august10 august11 august12 august15 august16 august17 august20 august22 august24 august25 august29 august31
augustin auntjudy aurelien aurelius austin01 austin11 austin12 austin123 austin31 austin316 austintx australi australia1
autechre authcode autobahn automati autopas1 autopass avalanch avalanche avalon11 avangard avemaria avenger1 aventura
avogadro avondale avrillavigne avtoritet awdrgyjilp awesome1 awesome123 awesome2 awo8rx3wa8t az123456 azathoth azerty12
azerty123 azertyui azertyuiop azfpc310 azsxdcfv azsxdcfvgb azwebitalia b0ll0cks b1234567 b929ezzh babemagn babemagnet
baberuth babochka babushka baby1234 baby2000 babybear babyblue babyboy1 babycake babycakes babydoll babyface babygirl
babygirl1 babygurl babyhuey babylon5 babylon6 babylove babyphat babyruth bacardi1 backbone backd00r backdoor backdraf
backlash backspac backspace backwood bad11bad badabing badaboom badboy69 badgirls badkarma badkitty badlands badminto
badnaamhere baerchen baggins1 baggio10 bagheera bagpipes bailey01 bailey10 bailey11 bailey12 bajingan bajskorv bakayaro
bakesale balalaika balance1 baldeagl baldeagle baldhead baldrick balefire balla007 baller23 balloon1 balloons balls123
ballsack ballsdeep ballsout baltimor banaan123 banana12 bananana bananas1 banderas banderos bandicoot bandit01 bandit11
bandit12 bangalor bangbros bangkok1 bankshot banshee1 baphomet barabash barabbas baracuda barakuda baranova barbados
barbara1 barbaria barbarian barbaris barbaros barbwire barcelon barcelona barclays bareback barefeet barefoot baritone
barkley1 barmalei barmaley barney01 barney11 barney12 barrabas barracud barracuda barrakuda barrynov barselona bartende
bartman1 baseba11 basebal1 baseball baseball1 baseball11 baseball12 baseball2 baseball3 baseball7 baseball9 basilisk
basketba basketbal basketball1 bassboat bassfish basshead bassingw bassline bassman1 bassmast bassplay bastard1 bastardo
bastogne batistuta batman01 batman11 batman12 batman123 batman13 batman21 batman23 batman69 batman99 batterie batterse
battery1 bayadera bayliner bayshore baywatch bazongaz bb123456 bbbbbb99 bbbbbbb1 bcfields bdfyeirf beachboy beachbum
beaches1 beanhead beano002 beantown bear2327 bearcat1 bearcats bearclaw beardog1 beardown bearshar bearshare beast123
beast666 beastie1 beatles1 beatles4 beautifu beautiful1 beaver12 beaver69 beavis69 beckham23 beckham7 beefcake beer1234
beerbong beernuts beethove begemotik behemoth beholder belgario belgorod belinda1 bella123 bellaboo belladog belladon
bellagio bellevue bellsout bellybut belochka beloved1 bendover benedikt benessere benetton bengals1 benhogan benidorm
benjamin1 benladen bennett1 bennevis bennyboy bentley1 berbatov berezuckiy bergen09 bergerac bergkamp berliner berlingo
bermuda1 bernadet bernard1 bernhard berserke berserker bertuzzi besiktas bestfriend beszoptad bethany1 bettis36 bettyboo
bettyboop bettylou beverly1 beyblade bg6njokf bhbyjxrf biarritz biedronka bigasses bigballa bigballs bigberth bigbird1
bigblack bigblock bigblue1 bigboner bigboobs bigbooty bigboy11 bigboy12 bigbroth bigbubba bigbucks bigbutts bigchief
bigcocks bigdaddy bigdaddy1 bigdick1 bigdicks bigdog69 bigfella bigfoot1 biggdogg biggirls biggreen bighouse bigjohn1
bigjuggs bigloser bigmaxxx bigmoney bigmouth bignasty bigpappa bigpenis bigpimpi bigpimpin bigpoppa bigpussy bigsexxy
bigsexy1 bigsmall bigstick bigstuff bigtime1 bigtits1 bigtitts bigtitty bigtruck bigtymer bigwaves bigwilly bikerboy
bilbobag bill1234 billabon billabong billgate billgates billiard billy123 billybob billyboy billygoa billyjoe billyray
bingbong bingo123 binladen biohazar biohazard bionicle bioshock birdbath birdcage birdhouse birdland birdman1 birmingh
birthday1 birthday10 birthday100 birthday2 birthday21 birthday26 birthday27 birthday28 birthday299 birthday3 birthday4
birthday5 birthday54 birthday6 biscayne biscuit1 bisexual bismarck bismilah bismilla bismillah bitch123 bitchass
bitchboy bitchedu bitchedup bitches1 biteme12 biteme69 blablabl black123 black666 blackadd blackass blackbea blackbel
blackbelt blackber blackberry blackbir blackbird blackboo blackbox blackboy blackbur blackcat blackcoc blackcock
blackdic blackdick blackdog blackdra blackdragon blackeye blackfin blackfly blackhat blackhaw blackhawk blackhea
blackheart blackhol blackhole blackhorse blackice blackie1 blackjac blackjack blacklab blackmag blackmen blackmetal
blackmor blackone blackops blackout blackpoo blackpus blackros blackrose blacksab blacksex blackshe blacksta blackstar
blacksun blacktop blackwhite blackwid blackwoo blade123 blademan bladerun bladerunner blahblah blankman blaster1
blasters blastoff blaze420 bleacher blenheim blessed1 blessing blessyou blindman blingbli blingbling blink182 blizzard
blockbus bloembol blondie1 blondinka blood123 blood666 bloodlus bloodlust bloodred bloopers blowfish blowjob1 blowjob69
blowjobs blowme69 bltynbabrfwbz blue1234 blue2000 bluearmy blueball blueballs bluebear bluebell blueberr bluebird
blueboys bluedevi bluedevil bluedevils bluedog1 bluedragon blueduck blueeyes bluefire bluefish bluegill bluegras
bluejay1 bluejays bluejean bluelight blueline bluemoon bluenose bluenote blueroom bluerose blueskie bluesky1 bluesman
bluestar bluetick bluewate bluewave blumpkin blunt420 bmw318is bmw325is bmw330ci bmw750il boating1 bob12345 bobafett
bobbobbo bobby123 bobbybob bobbyboy bobbyjoe bobbyorr bobcat12 bobdylan bobjones bobmarle bobmarley bobo1234 bobolink
bobsmith bocephus bodiroga bodybuil bodyhamm bodyshop boeing74 boeing77 bogdan123 bogdanova boilerma boing747 bojangle
bollocks bologna1 bombadil bomberman bombshel bonapart bond0007 bond9007 bondage1 bondarenko bondra12 bonefish bonehead
bonethug bonethugs boneyard bonghits bongtoke bongwater bonjour1 bonkers1 bonoedge bonscott boobear1 boobies1 boobies2
boobless booboo11 booboo12 booboo69 boogaloo boogiema boognish boogyman bookcase bookmark bookworm boomboom boomer12
boomer22 boomtown boondock booster1 bootcamp bootmort bootneck bootsman bootycal bootycall bootyman borabora bordeaux
boredboi4u boris123 borisenko borisova bornfree borntorun borodina borracho borussia bosco123 boscoe01 bosshogg bosslady
bosstone boston11 boston12 botafogo bouboule bowhunte bowhunter bowling1 bowling3 boxster1 boy4u2ownnyc boyscout
boywonde bpgjldsgjldthnf br00klyn br1ttany bradley1 bradpitt braindea branden1 brandnew brandon0 brandon00 brandon1
brandon2 brandon3 brandon6 brandon7 brandon8 brandy12 branford brasilia bravehea braveheart braves10 braves95 brazzers
breadfan breadman breakdance breaker1 breakers breakfas brehznev breitlin brenda69 brendan1 brennan1 brentfor brentwoo
bretagne brethart brett123 brewcrew bri5kev6 brian123 brianna1 bridget1 brighton brillian brillo021 brimston bringiton
bristol1 britania britney1 britneys brittany1 broncos1 broncos2 broncos7 broodwar brooklyn brooklyn1 brooksie brother1
brother2 browncow browndog browneye browneyes brownie1 brownlov browns99 browseui bruce123 brucelee brucewayne bruins77
bruiser1 bruno123 brunodog brunswic bryan123 bsheep75 bubba123 bubbabub bubbadog bubbaman bubblebox bubblegu bubblegum
bubbles1 bubbles2 buccanee buckeye1 buckeyes buckfast buckshot buckskin buckster buckwhea buckwheat buckwild budapest
buddy123 buddyboy buddycat buddydog buddylee budlight budweise budweiser budwiser buffalo1 buffalos buffett1 buffy123
buffy1ma bugmenot bugsbunn bugsbunny bugssgub buhjvfybz bujhm123 bujhmbujhm bukowski buldozer bulgakov bulldawg bulldog1
bulldog2 bulldog5 bulldog7 bulldogg bulldogs bullfrog bullhead bullnuts bullride bulls123 bullseye bullshit bullwink
bullyboy bumblebe bumblebee bumerang bungalow bunghole bunnies1 bunny123 bunnyman buratino burberry burlpony burltree
burrfoot burrito1 burton12 burunduk busdrive bushmast bushwack bushwick businessbabe bustanut buster01 buster11 buster12
buster123 buster21 buster22 buster69 buster88 buster99 buterfly butter11 butterba butterbean buttercu buttercup butterfl
butterfly butterfly1 buttface buttfuck butthead butthole buttlove buttmunc buttmunch buttnutt buttocks buttons1 buttplug
buzzkill buzzword bvgthfnjh byabybnb byajhvfnbrf bycnbnen bynthytn byrjuybnj c0l0rad0 c0rvette c32649135 c3por2d2
c43dae874d c43qpul5rz cab4ma99 caballer cabbages cabernet cabibble cabinboy cabledog cableguy cableman cabowabo cacapipi
cachondo cachorro cadillac cadr14nu caffreys cahek0980 caitlin1 calamity calavera calbears caleb123 calgary1 caliente
californ californi california1 caligula calimero calliope callista callisto callofduty calvin69 camaleon camaleun
camaro67 camaro69 camaross camaroz2 camaroz28 cambiami cambridg camel123 cameleon camelot1 cameltoe cameron0 cameron1
cameron2 cameron7 camilla1 camille1 camneely camp0017 campus100 canada12 canada99 canadien canaries candlebo candy123
candyass candybar candycan candycane candyman canesfan cannabis cannelle cannibal cannibus cannonba cannonda cannondale
canoneos cantona1 cantona7 cantstop canucks1 capetown capital1 capital5 capitals capoeira capricor capricorn capslock
captain1 captain2 captaink car12345 caramelo cardigan cardinal care1839 carebear carefree carla123 carlitos carlos12
carlos123 carlsbad carlsberg carlton1 carnival carolcox carolina carolina1 caroline1 carolyn1 carpedie carpediem
carpente carrera4 cartagen carter12 carter15 carter80 carthage cartman1 cartman2 cartoons carwash1 casablan casablanca
casanova casey123 caseyboy caseydog cashflow cashmone cashmoney casper12 casper123 casper99 cassandr cassidy1 cassie12
cassiope castaway catdaddy caterham caterpil catfight catfish1 catherin cathouse catinhat catlover catmando catsdogs
catsmeow catwoman caution1 cavalier caveman1 cavscout cbarkley cbljhjdf cbljhtyrj cbr600f3 cbr600f4 cbr600rr cbr900rr
cbr929rr cbufhtnf ccccccc1 cde34rfv cdexswzaq cdtnjxrf cdtnkfyf cdtnkfyrf cdtnkzxjr cdznjckfd cecilia1 cegthgegth
cegthgfhjkm ceisi123 celebrat celebrit celeste1 celestia celicagt cellphon cellphone celtic1888 celtic67 celtic88
celticfc celtics1 centauri central1 centrino centurion cepseoun cerberus cerulean cessna15 cessna17 cessna172 cezer121
cfiekmrf cfitymrf cfkfvfylhf cfvlehfr cghfdjxybr cgtwbfkbcn ch1tt1ck chaching chainsaw challeng chamberl chameleo
chamonix champ123 champagn champion change12 changeit changeme changeme1 changepa channel1 chantal1 chaos666 chaparra
chapstic characte charger1 chargers chargers1 charisma charles0 charles1 charles2 charles3 charless charlest charlie0
charlie1 charlie123 charlie2 charlie3 charlie4 charlie5 charlie6 charlie7 charlie8 charlie9 charlieb charliem charlies
charlize charlott charlton charmed1 chase123 cheburashka checkers checkito checkmat cheerios cheerlea cheerleaers
cheese12 cheeseca cheetah1 chelsea0 chelsea1 chelsea2 chelsea3 chelsea4 chelsea5 chelsea6 chelsea7 chelsea8 chelseaf
chelseafc chemistr cherokee cherries cherry12 cherrypi cheshire chessman chessmas chessmaster chester1 chester2 chester3
chester7 chester8 chesters chevelle chevrole chevrolet chevy350 chevy454 chevyman chevys10 chevytru chevyz71 chewbaca
chewbacc chewbacca cheyanne cheyenne cheyenne1 chgobndg chibears chicago0 chicago1 chicago2 chicago3 chicago5 chicago7
chicago9 chicco22 chicken0 chicken1 chicken123 chicken2 chicken6 chickens chickenwing101 chicklet chico123 chief123
chihuahu chilango children2 chilidog chillout chimaera chimaira chinacat chinadol chinaman chinaski chinatow chinchil
chinese1 chingada chipmonk chipmunk chipper1 chippers chipster chitarra chloe123 choclate chocolat chocolate1 choochoo
chopper1 choppers chopsuey chris100 chris123 chris200 chris999 chrisbln chrisbrown chrisrey chrissie chrissy1 christa1
christer christi1 christia christiaan christian1 christin christma christo1 christof christop christophe christopher1
christos christy1 chronic1 chrysler chuck123 chuckie1 chuckles chuluthu churchil ciccione cidkid86 cigarett cincinna
cinderel cindylou cingular cinnamon cisco123 ciscokid citibank civilwar cjdthitycndj cjkysirj cjrjkjdf cjxb2014 ck6znp42
clambake clapton1 clarinet clarisse clarkken clarkkent classact classic1 classics claudia1 claybird claymore clayton1
clearwat clemence clemson1 cleopatr clevelan clinton1 clipper1 clippers clitlick clitoris clitring clockwor close-up
clownboy clubpenguin cmu9ggzh cnfnbcnbrf cnfybckfd cnhfyybr cnhjbntkm cnhtrjpf cnjvfnjkju cntgfirf cntgfyjdf cobblers
cobra123 cobra427 cobra777 cobrajet cocacola cocacola1 cockgobbler cockring cocksuck cocksucker cocoloco cocopuff
cocorico codeblue codered1 coffee11 coffee12 cokeisit coldbeer coldfire coldplay colegiata coleman1 colin123 collants
collect1 collecti collecto colleen1 college1 collingw collins1 colole57 colombia colorado colossus colt1911 coltrane
comanche comander combat123654 comcast1 comfort1 comicbook comicbookdb comicbooks comicsans command1 command2 commande
commando commodor communit compaq12 compaq123 compass1 computador computadora compute1 computer computer1 concorde
concordi concrete conditio conducto conehead confiden connect1 connecte connecti connor11 connor12 consense constanc
construc consulta consumer containe contortionist contrasena contrera control1 control2 cookie11 cookie12 cookie123
cookie13 cookie59 cookies1 cooking1 cool1234 coolbean coolbeans coolbree cooldude coolfool coolgirl coolguy1 coolhand
coolman1 coolness coolwhip cooper11 cooper12 coorslig coorslight coorslit copenhag copernic core2duo corleone cornbrea
cornbread corneliu cornell1 cornflak cornhole cornholi cornholio cornhusk corperfmonsy corporat corpsman corrado1
corsair1 cortland corvet07 corvett1 corvette corvette1 cosmo123 cosmodog costaric costarica cosworth cottage1 cougars1
counchac countach counter1 counterstrike country1 countryb countyli courtney1 cousteau coventry covingto cowabung
cowboy12 cowboy22 cowboys0 cowboys1 cowboys2 cowboyup cptnz062 cqub6553 crabcake cracker1 crackhea crackhead cracksevi
craig123 cranberr crawfish crayfish crazy123 crazybab crazyboy crazycat crazyfrog crazyman crazyzil creampie creamyou
creatine creativ1 creative creative1 creepers creosote crescent cressida crevette cribbage cricket1 crickett crimson1
crippler cristiano critter1 critters crjhgbjy crjhjcnm crocodil cronaldo crossfir crossroa croucher crownvic cruiser1
crusader cruzazul crystal0 crystal1 crystal2 crystal7 csfbr5yy csyekmrf ctdfcnjgjkm cthulhu1 cthuttdbx cthuttdf
cthuttdyf ctrhtnyj ctvtyjdf cubalibr cubalibre cubbies1 cubswin1 cucciolo cucumber cuddles1 culinary cumberla cumeater
cumlover cumshot1 cumshots cumsucker cunningh cuntfinger cunthole cuntlick cuntsoup cupcake1 curious1 curitiba currahee
cutegirl cutiepie cutlass1 cvbhyjdf cvtifhbrb cvzefh1gk cvzefh1gkc cxfcnkbdfz cxfcnmttcnm cxzdsaewq cyberman cybernet
cyberonline cybersex cyclone1 cyclones cyclops1 cyecvevhbr cygnusx1 cyjdsvujljv cynthia1 cypress1 cytuehjxrf cytujdbr
czekolada d1234567 d1i2m3a4 d1lakiss d78unhxq dabl1125 dad2ownu daddy123 daddymac daddysgirl daedalus daffodil daffyduc
daffyduck daftpunk dagestan dagobert daisy123 daisy3112 daisydog daisymae daisymay dakota01 dakota12 dakota99 dalejr88
dalglish dallas01 dallas11 dallas12 dallas21 dallas22 dallastx dalmatio damage11 damilola damned69 damngood damocles
dance123 dandelio dandelion dangerou daniel01 daniel10 daniel11 daniel12 daniel123 daniel20 daniel21 daniel26 daniela1
danielit danielle1 danijela danil8098 danilova danniash danny001 danny123 dannyboy dannym88 dante123 danthema dantheman
dapzu455 daredevi daredevil darkange darkangel darkfire darkhors darkjedi darkknig darkknight darklord darkmage darkmanx
darkmoon darkness darkness1 darknigh darknight darknite darkseed darkside darksoul darkstar darkwing darkwolf darling1
darthmau darthmaul darthvad darthvader dartmout dasha123 dasha2010 dashadasha dashenka datalife datalore datnigga
dave1234 davecole daveyboy david123 david777 davidkin davidlee davidoff davidruiz davinchi daydream daytona1 daywalker
dbjktnnf dbm123dm dbrnjhbz dbrnjhjdbx dbrnjhjdyf dbyjuhfl dcowboys dctdjkjl dctktyyfz dctvcjcfnm dctvgbplf dctvghbdf
dctvghbdtn dcunited ddddddd1 de1987ma deadfish deadhead deadlift deadlock deadman1 deadmau5 deadmeat deadmoin deadpool
deadsexy deadsoul deadspin deadwood deadzone death123 death666 deathnote deathrow deathsta deathstar debbie69 deborah1
debugger december1 decembre deepblue deepdive deeppurple deepthro deepthroat deepwate deerhunt deerhunter deerpark
deeznuts deeznutz default1 defender defiant1 deflep27 deftones delasoul delerium deliciou delorean delpiero delta123
deltachi deltaforce deltaone deltasig demetrio demetriu demon123 demon666 den12345 denis123 denis1984 denis1988
denis2011 denman85 dennis12 depeche1 depechemode derparol derrick1 derrickh desdemon desember designer deskjet1 desperad
desperado desperados destinee destiny1 destiny2 destiny7 destroye detectiv dethklok detroit1 deutschl deutschland
devil123 devil666 devilboy devildog devildriver devilish devilman devilmay devilmaycry devilmaycry4 devo2706 devochka
dezember dfcbkbcf dfcbkmtd dfcbkmtdf dfkmltvfh dfkmrbhbz dfktynby dfktynbyf dfktynbyrf dfnheirf dfyjdf846 dgl70460
dhjnvytyjub diablo11 diablo23 diablo66 diablo666 diablo69 diabolic diabolik diamante diamond0 diamond1 diamond2 diamond3
diamond4 diamond6 diamond7 diamondb diamondd diamonds diana123 dianochka diapason diciembr dickface dickhead dickless
dicklick dickster dicksuck dickweed dictiona diego123 diesirae dietcoke differen digital1 digital2 digitalprodu digiview
dignity7 dilbert1 dilligaf dilligas dillinge dillweed dima1234 dima12345 dima1985 dima1989 dima1990 dima1991 dima1992
dima1993 dima1994 dima1995 dima1996 dima1997 dima1998 dima1999 dima2000 dima2009 dima2010 dimabilan dimanche dimedrol
dimensio dimidrol dimitris dimochka dimon4ik dinamite dingdong dinmamma dinosaur dinsdale diogenes dionysus diosesamo
dipascuc dipstick direktor direwolf dirkpitt dirtball dirtbike dirtybir dirtyboy dirtydog dirtygirl dirtyman discgolf
discover diskette disturbe divedeep diversio dixiedog djg4bb4b djgabbab djkrjlfd djkujuhfl djtiesto dkflbckfd
dkflbdjcnjr dkflbvbh dkflbvbhjdbx dkflbvbhjdyf dkjfghdk dm6tzsgp dmfxhkju dmitriev doberman doctorwh dodgeram dodgers1
dodgeviper dogballs dogbert1 dogbreat dogbreath dogfight doggy123 doggydog doggysty doggystyle doghouse doglover
dogphil3650 dogpound dogstyle dohcvtec dolemit1 dolemite dolittle dollarbi dollface dolomite dolphin1 dolphin2 dolphin9
dolphins dolphins1 doma77ns domainlock2005 domenico dominati dominator dominic1 dominika dominion dominiqu domodedovo
donaldduck donatello donkeykong donna123 dont4get dontcare dontdoit dontforg dontgotm donthate dontknow donttell
doodlebu doomsday doorknob dopehead doraemon doromich dorothee dorothy1 dortmund dothedew doughboy douglas1 dovetail
dowjones downhill downunde draconis dracula1 dragon00 dragon01 dragon05 dragon10 dragon11 dragon12 dragon123 dragon13
dragon19 dragon20 dragon21 dragon22 dragon23 dragon25 dragon33 dragon64 dragon66 dragon666 dragon69 dragon76 dragon77
dragon88 dragon98 dragon99 dragonage dragonba dragonball dragonballz dragonfi dragonfire dragonfl dragonfly dragonla
dragonma dragons1 dragonss dragoon1 dragrace dragstar dragster dreamcas dreamcast dreamer1 dreamer2 dreamers dreamgirl
dressage drjynfrnt dro8smwq dropdead dropkick dropzone drowssap drpepper drstrang drumandbass drumline drummer1 drummers
drumnbass ds7zamnw dsobwick dtcyeirf dtheyxbr dthjybrf dthjybxrf dthyjcnm dtkjcbgtl dtxyjcnm ducati74 ducati99 duchess1
duckhunt duckling duckpond ducksoup ducttape dude1234 dude1998 dudelove duffbeer dukeblue dukenuke dukenukem dukester
dumbass1 dumbfuck duncan21 dune2000 dupont24 duracell durandal durango1 dustin23 dusty123 dusty197 dustydog dutchess
dutchman dylandog dynamite dynastar dynomite dzxtckfd eae21157 eagle123 eagleeye eagleman eagleone eagles05 eagles11
eagles12 eagles20 earlgrey earnhard earthlin earthlink eastern1 eastside eastwest eastwood easy1234 easypass easyride
eatmenow eatmeraw eatmyass eatpussy eatshit1 eclipse1 eclipse2 eclipse9 economia edcwsxqaz eddie123 eddie666 edelweis
edgewise edgewood edinburg eduardo1 educatio edward11 edward12 edwards1 edwardss eeeeeee1 efbcapa201 eggplant eight888
eightbal eightball einstein eintrach eintritt ejaculation ekaterina ekaterina20 ekilpool eklhigcz el345612 el546218
elaine22 elbereth elcamino eldiablo eldorado eldritch eleanor1 electra1 electric electron elefante elektrik element1
elementa elena123 elena1971 elena2010 elenberg elephant elephant1 eleven11 elfquest elfstone elisabet elizabet
elizabeth1 elizaveta ellehcim elliott1 elmer251 elvira26 elvis123 emachine emachines emanuela emanuele embalmer emerald1
emergenc emerson1 emiliano emily123 emilyann eminem12 emmajane emmitt22 empire11 emyeuanh enamorad endymion energize
energizer energy12 enforcer engineer england1 english1 enlighte enolagay enrique1 enron714 enter123 enternow enterpri
enterprise entertai envision epaulson epervier epiphone episode1 epsilon1 erection ereiamjh eric1234 ericsson escaflowne
escalade escorpio escorpion esmerald esperanz espresso essayons essendon estefani estoppel estrellit eternal1 eternity
ethernet euclid90 euphoria euro2000 eurocard euroline eus1sue1 evanescence evangeli evangelion evenflow everclea
everest1 evergree everlast everlong evermore everques everquest everton1 evertonf everythi evgeniya evildead evolutio
excalibe excaliber excalibu excalibur excellen excelsio exclusiv executiv executor expediti exploite exploiter explore1
explorer explorer1 express1 express2 extra300 extra330 extreme1 eybdthcbntn eyecandy f00tball f14tomcat f15eagle
f1f2f3f4 f22raptor f8yruxoj fabienne fabolous fabregas facefuck fahjlbnf failsafe fairchil fairfiel fairlady fairlane
fairmont fairview faith123 fakepass falcon01 falcon11 falcon12 falcon16 falcon69 falcons1 fallenangel fallengun fallout1
fallout2 fallout3 falloutboy falstaff family01 familyguy fandango fantasia fantasma fantasti fantasy1 fantasy7 fantomas
fantomen farfalla farscape farside1 fartface fartripper fastback fastball fastcars fastdraw fastfood fastlane fatal1ty
fatbitch fatdaddy fatgirls fathead1 fatluvr69 fatpussy favorite2 favorite3 favorite4 favorite5 favorite6 favorite7
favorite8 fbi11213 fcbarcelona fcbayern fcc5nky2 fearless feather1 feathers federica fedorova feelgood fefolico feldspar
felicia1 felicida felicidade felix123 felixxxx fellatio fellowes fender12 fenerbahce fengshui fenomeno ferdinan ferien12
ferndale ferrari1 ferrari2 ferrari3 ferrari5 ferraris fetish01 fetish69 feuerweh feuerwehr feyenoor feyenoord fffffff1
ffvdj474 fgdfgdfg fgjrfkbgcbc fgtkmcby fhbyjxrf fhnehxbr fhntv1998 fhutynbyf fhvfutljy fibonacci ficktjuv fiction6
fiction7 fidelity fidodido fietsbel fifa2008 fifa2010 fifa2011 fightclu fightclub fighter1 fighting54 filatova filibert
filmstar finalfan finalfantasy finance1 financia finnland fire1234 fireball firebird fireblad fireblade firedawg
firedept firefigh firefighter firefly1 firehawk firehose firehous fireman1 fireplug firestar firestarter fireston
firestor firestorm firetruc firetruck firewall firewire firework firstone firstone123 firstson firsttim fish1234
fishbait fishbone fishcake fisherma fisherman fishface fishfood fishhead fishhook fishing1 fishlips fishpond fishtank
fistfuck fitness1 fitzgera fiveiron fivestar fjnq8915 fk8bhydb fkbyf001 fkbyjxrf fkg7h4f3v6 fkmnthyfnbdf fkojn6gb
fkrjujkbr fktdnbyf fktif6115 fktrcfyl fktrcfylh fktrcfylh1 fktrcfylhf fktrcfylhjd fktrcfylhjdbx fktrcfylhjdf
fktrcfylhjdyf fktrcfylth fktrcttd fktrcttdf fktyeirf fktyjxrf flameboy flamengo flamingo flapjack flash123 flashbac
flashman flashnet flatbush flathead flatland flatline flatron1 fleetwoo fleshbot flexible flexscan flhtyfkby flimflam
flintsto flintstone flipflop flipmode flipper1 flipside florenci florian1 florida1 florida2 flounder flower12 flowers1
flvbybcnhfnjh flyers88 flyers99 flyfishi flyvholm flywheel fm12mn12 fnkfynblf foiegras followme foofight footbal1
football football1 football12 football123 football2 foothill footlong footlove footslav forbidde ford9402 fordf150
fordf250 fordf350 fordfocus fordgt40 fordtruc fordtruck foreplay foreskin forest11 forest99 forever1 forever21 forgetit
forgetme forgotit forgotte forklift formatters formula1 forrest1 forsaken fortknox fortunat fortune1 fortune12 fortytwo
forward1 forzaroma fotograf foucault foundati fourkids fourplay fourstar foxglove foxhound foxmulder foxtrot1 foxwoods
foxylady foxyroxy fractals france98 frances1 francesc franchis francis1 francisc frank123 frankfur frankie1 frdfhbev
frdfkfyu fre_ak8yj freakboy freakout freaksho freakshow freckles fred1234 fredderf freddie1 freddy12 frederik
frederiksberg fredonia free4all freebird freecell freeclus freedom0 freedom1 freedom2 freedom3 freedom4 freedom5
freedom7 freedom8 freedom9 freefall freehand freelanc freelove freemail freeman1 freeones freepass freeporn freeport
freeride freespace freestuff freestyl freetime freeuser freeway1 freewill freiheit frenchfr frenchie frequenc frfltvbz
friday13 fridolin friedric friends1 friendste friendster frogger1 froggies froglegs frogman1 froinlaven fromhell
fromvermine front242 frontera frontier frontosa frost1996 frostbit frozenfish fruitbat fruitcak fsd9shtyu fsunoles
fubar123 fuck1234 fuck_inside fuckedup fucker11 fucker12 fucker69 fuckface fuckfest fuckgirl fuckhard fuckhead fuckhole
fucking1 fuckinside fuckitall fucklife fucklove fuckme69 fuckmeha fuckmehard fuckmeno fuckmenow fuckmyass fuckmylife
fucknuts fuckoff1 fuckoff2 fuckshit fuckslut fuckthat fuckthem fuckthemall fucktheworld fuckthis fuckuall fuckyeah
fuckyou! fuckyou0 fuckyou1 fuckyou12 fuckyou123 fuckyou2 fuckyou6 fuckyou69 fuckyou7 fuckyou8 fuckyoubitch fuckyouguys
fufnfrhbcnb fuhrfzgc fujifilm fulhamfc fullback fullhous fullmetal fullmoon fullsail fumanchu funfunfu funhouse funkster
funnyguy funnyman funstuff funtime1 funtimes furelise furnitur fussball futurama futyn007 fuzzball fvcnthlfv fy.njxrf
fyfcnfcbz fyfnjkbq fyfnjkmtdbx fyfnjkmtdyf fyfrjylf fylh.irf fylhjvtlf fylhtq123 fylhtq95 fylhtqrf fylhttdf fynfyfyfhbde
fynjy123 fynjybyf fynjyjdf fyutkbyf fyutkjxtr g0dz1ll4 g1234567 gabriel1 gabriel12 gabriel2 gabriell gadzooks galactic
galactus galadriel galatasara galatasaray galeries gallaghe gallaries galvesto gamecock gamecocks gamecube gamemaster
gameover gametime gandalf0 gandalf1 gandalf2 gandalf3 gandalf7 gangbang gangbanged gangsta1 gangstar gangster gangster1
ganjaman ganjubas gannibal ganymede garbage1 gardenia garfield garfield1 gargamel gargoyle garibald garrett1 gatekeep
gateway1 gateway2 gateway3 gateway9 gateways gatorade gatorman gators96 gaudeamus gauloise gauntlet gavrilov gayathri
gb15kv99 gbgbcmrf gbhfvblf gbkbuhbv gblfhfcbyf gblfhfcs gbljhfcs gborv526 gbpacker gbplf123 gbpltw123 gcheckou gcheckout
gearhead geddylee geemoney geibcnbr geilesau gemini12 gemini13 gemini69 gemstone general1 generic1 genesis1 genesis2
geneviev geniusnet gennadiy geolog323 george01 george11 george12 george13 georgia1 georgia2 geraldin gerasimova gerlinde
germania germany1 geronimo gerrard8 gerrity1 gerryber gesperrt getalife getfucked getinnow getmoney getnaked getsdown
getsmart gettysbu gevaudan gfccdjhl gfccgjhn gfgf1234 gfgfrfhkj gfgfvfvf gfhfcjkmrf gfhfljrc gfhfvgfvgfv gfhfyjbr
gfhfyjqz gfhjkbot gfhjkm007 gfhjkm11 gfhjkm12 gfhjkm123 gfhjkm13 gfhjkm135 gfhjkm22 gfhjkm777 gfhjkmgfhjkm gfhjkmxbr
gfhjkzytn gfhkfvtyn gfhnbpfy gfif1991 gfitymrf gfxqx686 gfyfcjybr ggggggg1 ghbdtn12 ghbdtn123 ghbdtnbr ghbdtnbr1
ghbdtnbrb ghbdtndctv ghbdtnghbdtn ghbdtngjrf ghbdtnrfrltkf ghbjhbntn ghblehjr ghblehrb ghbrjkbcn ghbrjkmyj ghbywtccf
ghfplybr ghhh47hj764 ghhh47hj7649 ghislain ghjatccjh ghjcgtrn ghjcnbnenrf ghjcnbvtyz ghjcnj123 ghjcnjabkz ghjcnjgbpltw
ghjcnjgfhjkm ghjcnjghjcnj ghjcnjnf ghjcnjnfr ghjcnjnfr1 ghjcnjqgfhjkm ghjcnjrdfibyj ghjcnjrdfif ghjdthrf ghjgfufylf
ghjnbdjcnjzybt ghjnjnbg ghjnjrjk ghjrehfnehf ghjrehjh ghjrjgtyrj ghjuhfvbcn ghjuhfvvbcn ghjuhfvvf ghjuhtcc ghjvtntq
ghost123 ghostdog ghostman ghostrid ghostrider ghtktcnm ghtlfntkm ghtpbltyn giancarlo gianluca giantess giants56
gibsonsg gigabyte gigemags gilbert1 gilgames gilgamesh gillian1 gimmesum ginger11 ginger12 ginger123 ginger69 ginscoot
gintonic ginuwine girfriend girls4me giuliana giveitup gizmo123 gizmodo1 gizmodo2 gjdtkbntkm gjhjctyjr gjikbdctyf
gjkbyjxrf gjkrjdybr gjkysqgbpltw gjkzrjdf gjlcnfdf gjytltkmybr gkfdfybt gladbach gladiato gladiator gladiolus gladston
glasgow1 glasnost glassjaw glendale glennwei glenwood glock9mm glowworm gmctruck gn56gn56 gnasher23 goathead gobigred
gobrowns gobruins gobuffs2 godbless goddess1 godfathe godfather godflesh godisgoo godisgood godisgreat godislov
godislove godloves godofwar godsgift godslove godsmack godspeed godswill godzilla goeagles gofaster goforit1 gogators
gogetter gogiants gohabsgo goirish1 golakers goldenbo goldenboy goldeney goldeneye goldfing goldfinger goldfish goldmine
goldorak goldrush goldsink goldstar goldtree goldwing goleafsg golf1234 golfball golfcart golfclub golfer01 golfer11
golfer12 golfer23 golfing1 gondolin gonefish goniners gonzo123 goober12 good12345 good123654 good4now good4you goodbeer
goodboss goodbye1 goodfell goodfellas goodfood goodgame goodgirl goodhead goodison goodlife goodlove goodluck
goodmorning goodnews goodpussy goodstuf goodstuff goodtime goodtimes goodtogo goodwood goodyear goofball google10
google12 google123 gooseman gopinath gorbunov gordolee85 gordon24 gorilla1 gorilla9 gorillaz gotigers gotohell gotyoass
grace123 gracelan grandam1 grandma1 grandorgue grandpri grandprix granvill grapeape grappler grasshop gravedig graywolf
gre69kik great123 greatdan greatgoo greatman greatone greatsex greatwhi greatzyo greedisgood greekgod green123 green420
greenbay greenbud greenday greenday1 greendog greenegg greenery greeneye greeneyes greenlan greenlantern greenman
greenpea greentea greentre greentree greenwoo gregory1 gremlins grendel1 greshnik gretzky9 greyhoun greywolf gridlock
griffey1 griffin1 griffins grigoryan grimlock grimreap grinders grizzley grizzlie grizzly1 groucho1 groundho groupd2013
gsewfmck gsgba368 gsxr1000 gsxr1100 gtfullam gthtcnhjqrf gthtrhtcnjr gtkmvtyb gtkmvtym gtnhjczy gtnhjdbx gtnhjdyf
gtnhjpfdjlcr gtogto43 gtxtymrf guadalup guardian guatemal guderian guesswho guildwars guilherme guillaum guillerm
guinness guinness1 guitar01 guitar11 guitar12 guitar69 guitarma guitarman guitarra gulfstre gulliver gunblade gundam00
gungadin gunners1 gunsling gunslinger gunsmith gunsmoke gunther1 gustavo1 gutentag gutierre guybrush gwendoli gxlmxbewym
gy3yt2rgls gymnast1 gymnastic gznybwf13 h200svrm h397pnvr h9iymxmc habanero hackedit hagakure haileris hairball hakkinen
halflife halflife2 halfmoon halfpint hallo123 hallowboy hallowee haloreach hambone1 hamburg1 hamburge hammarby hammer01
hammer11 hammer12 hammer22 hammer69 hammer99 hammerhe hammers1 hammertime hampster hamradio hamster1 handbags handball
handcuff handsoff handyman hankster hannah01 hannah11 hannah12 hannah22 hannelor hannibal hannover hansolo1 hanswurst
happines happy100 happy123 happyboy happyday happydays happydog happyface happyguy happyhap happyjoy happylife happyman
happyness happyone happytim harakiri hardball hardbody hardc0re hardcock hardcor1 hardcore hardcore1 harddick harddriv
hardhead hardline hardpack hardrock hardtail hardtime hardtoon hardwareid hardwood hardwork harlequi harley01 harley03
harley11 harley12 harley13 harley20 harley69 harley88 harley99 harmony1 harrison1 harry123 harrydog harrypot harrypotter
harsingh hartland hatebree hatelove hatesyou hatteras hattrick haustool havefun1 hawaii50 hawaiian hawaiiguy hawkdog79
hawkeye1 hawkeyes hawkmoon hawkwind hawkwood hawthorn hayabusa hayastan hazelnut hd764nw5d7e1vb1 headcase headhunt
headless headroom headshot heartbre heat7777 heather1 heather2 heather4 heather6 heather7 heather9 heathers heathrow
heatwave heavymet heavymetal heckfyxbr hedgehog hedimaptfcor hedj2n4q hedonism hedonist heimdall heineken heinlein
hejmeddig helicopt hellbent hellbound hellfire hellgate hellhoun hello101 hello123 hello1234 helloall hellohel hellokit
hellokitty helloman hellomoto hellothe hellothere helloween helloworld helloyou hellrais hellraiser hellsing hellspaw
hellspawn hellyeah helpdesk hemicuda hemingwa hemmelig henderso hendrix1 henriett henrique henry123 herbert1 hercules
herewego herkules hermione hernande herpderp hershey1 hesoyam1 hesoyam123 hetfield heythere hfcgbplzq hfcnfvfy hfgcjlbz
hfpldfnhb hhhhhhh1 hiawatha hibernia hibiscus higgins1 highball highbury highfive highheel highjump highland highlander
highlife highspee hightech hightime highway1 highwind hihje863 hijodeputa hilfiger hillary1 hillbill hillcres hillside
hiroyuki history1 hithere1 hitman47 hjcnbckfd hjlbntkb hjvfyjdf hjvfynbrf hkger286 hobbes12 hobiecat hockey10 hockey11
hockey12 hockey123 hockey13 hockey14 hockey19 hockey21 hockey22 hockey33 hockey69 hockey99 hoddling hogwarts holeinon
holeshot holiday1 holland1 holliste hollister1 holly123 hollydog hollywoo hollywood1 holycrap holymoly holyshit homebase
homebrew homedepo homefree homegrow homemade homepage homer123 homerjay homersim homerun1 homewood homeworld honda123
honda200 honda250 honda450 hondacar hondacbr hondaciv hondacivic hondacrv hondacrx hondaman hondas2000 hondavfr honey123
honeybea honeybear honeybee honeybun honeydew honeydog honeypie honeypot hongkong honolulu hookedup hooligan hoopstar
hoopster hoosier1 hoosiers hooters1 hooters6 hopalong hopeful1 hopefull hopkins1 horizon1 hornball horndog1 horndogg
hornets1 horny123 hornyboy hornydog hornyguy hornyman hornyone horseman horsemen horsesho hosehead hot2trot hotbabes
hotbitch hotchick hotchkis hotdog12 hotgirls hotlanta hotpants hotpussy hotsauce hotsex69 hotshot1 hotspurs hotstuff
hotwater hotwheel hotwheels hounddog house123 housebed housecat housepen housewife housewifes houston1 hovepark hoyasaxa
hpmrbm41 hrothgar hrvatska hshfd4n279 htcnjhfy htubcnhfwbz hubbahub hubertus hugecock hugedick hugetits hugoboss
hulkster hullcity hummerh2 hungwell hunnybun hunt0802 hunt4red hunter01 hunter11 hunter12 hunter123 hunter22 hunter69
hunter99 hunting1 huntress hurrican huskerdu huskers1 huskies1 hustler1 hvidovre hxp4life hxxrvwcy hydepark hyperion
hyperlit hypnodanny hzze929b iaapptfcor iambigal iamgreat iamhappy iamhorny iampurehaha2 iamthema iamtheman iamtheone
ibelieve ibill123 ibilljpf ibilltes icam4usb icandoit icecream icecube1 icehouse iceman11 iceman44 iceman69 icequeen
icewater iddqdiddqd iddqdidkfa idinahui idlewild idontcare idontkno idontknow ifoptfcor iforgot1 iforgotit ifufkbyf
ignatius igor1234 igor1994 igromania ihateyou ihateyou1 iiiiiii1 ijrjkflrf ikilz083 ikmvw103 ilikepie ilikeporn
ilikepussy ilikesex ilikeyou illmatic illumina illuminati illusion iloveamy iloveass iloveboobies ilovecock ilovedick
ilovegirls ilovegod iloveher ilovehim ilovejen ilovejes ilovejesus ilovekim ilovelife iloveluc ilovelucy ilovemar
iloveme1 iloveme2 ilovemom ilovemusic ilovemyfamily ilovemylife ilovemyself ilovepor iloveporn ilovepus ilovepussy
ilovesex ilovetit ilovetits iloveyou iloveyou! iloveyou1 iloveyou11 iloveyou12 iloveyou123 iloveyou2 iluvporn iluvtits
ilya1234 ilya1992 imaccess imagine1 imaloser imissyou imladris immortal impalass imperator imperium implants importan
impossib imtheman inandout incognit incognito incubus1 indahous indahouse independ india123 indiana1 indiana7 indianali
indianer indians1 indonesi inferno1 infiniti infinity inflames informat infotech ingenier ingersol ingodwetrust ingram01
inkognito insertion insertions insomnia inspecto inspiron installdevic installsqlst installutil insuranc integra1
integrit intelinside interacial intercourse intermilan internat internet internet1 intersta intheass intheend intranet
intrepid intruder inuyasha invalidp invernes invictus invisibl ipswich1 iqzzt580 iraffert ireland1 irina123 irina1991
irish123 irishman ironbird ironchef ironcity irondesk irondoor ironfish ironfist ironhead ironhors ironhorse ironlung
ironmaid ironmaiden ironman1 ironman2 ironmike ironpony ironroad ironside ironsink irontree is3yeusc is_a_bot isabella1
isacs155 iseedeadpeople isengard ishikawa iskander islander istanbul isthebes istheman italian1 italiano itdxtyrj
itsasecret ivan1985 ivan2010 iverson3 iwantsex iwantyou izabella j0nathan j1234567 j3qq4h7h2v jabberwo jabroni1 jack1234
jack2000 jack5225 jackaroo jackass1 jackdani jackdaniels jackfros jackfrost jackhamm jackie01 jackie69 jackiech jackmeof
jackoff1 jackpot1 jackryan jackson1 jackson2 jackson5 jackson6 jackson9 jackster jacob123 jacqueli jadakiss jaguarxj
jahbless jailbait jailbird jaimatadi jake1234 jake5253 jakester jakeyboy jalal123 jalapeno jamaica1 james007 james123
jamesbon jamesbond jamesbond007 jamesdea jameson1 jamie123 jamielee jansport january1 january2 japanees jaredleto
jarhead1 jasmine1 jasmine123 jasmine2 jasmine3 jasmine5 jasmine7 jasmine9 jason123 jasper12 javabean jawbreak jaydog472
jayhawk1 jayhawks jaysoncj jazz1234 jazzbass jazzman1 jbond007 jeanmarc jeanpaul jediknig jediknight jedimast jedimaster
jeepster jeff1234 jefferso jeffery1 jeffhardy jeffrey1 jeffrey4 jellybea jellybean jellyfis jemoeder jenna123 jennife1
jennifer1 jenny123 jericho1 jerkyboy jeronimo jerrylee jerusale jesse123 jessejames jessica0 jessica1 jessica2 jessica3
jessica6 jessica7 jessica8 jessicam jessicas jesucrist jesus123 jesus4me jesus777 jesuschr jesuschris jesuschrist
jesusgod jesusis1 jesusislord jesussaves jetbalance jetblack jg3h4hfn jgthfnjh jgtxzbhr jhnjgtl12 jhrl0821 jigei743ks
jiggaman jillian1 jimandanne jimbo123 jimdavis jimmy123 jimmyboy jimmyjam jimmypag jitterbu jiujitsu jjjjjjj1 jkbvgbflf
jlbyjxrf jlbyjxtcndj jledfyxbr jlettier jnrhjqcz jo9k2jw2 jobsearc jockstra joeblack joesakic joesmith johanna1 johannes
john1234 johnatha johncena johndeer johndeere johngalt johnmish johnny12 johnny69 johnny99 johnnybo johnpaul johnsmith
johnson1 johnson2 johnson4 johnwayn joker123 joker666 joker777 jollymon jonathan1 jonnyboy jor23dan jordan01 jordan10
jordan11 jordan12 jordan123 jordan18 jordan20 jordan22 jordan23 jordan45 jordan99 joselito joseluis joseph10 joseph11
joseph12 josephin joshua01 joshua10 joshua11 joshua12 joshua19 joshua99 journey1 joxury8f joystick jrcfyjxrf jtuac3my
juancarlo juancarlos juanjose juanpabl juggalo1 juggerna juggernaut juiceman julemand julia123 julie123 julie456
jumpman23 jumpshot junebug1 jungfrau junglist junior01 junior12 junior123 junior13 junior24 junkfood junkmail junkyard
jupiter1 jupiter2 jurassic just4fun just4you justdoit justforf justforfun justice1 justice2 justin01 justin10 justin11
justin12 justin123 justinbiebe justinbieber justine1 justlook justonce juventus juvis123 jvtuepip jxfhjdfirf jzf7qf2e
k1234567 k123456789 k9dls02a kaitlynn kakaroto kakashka kalamazo kalambur kalender kalifornia kaligula kalimera kalinina
kalleank kalleanka kallisti kamakazi kamakiri kamasutr kamasutra kamehame kamehameha kamelia2011 kamikadze kamikaze
kamikazi kangaroo kanmax1994 kappaman kappasig karaganda karamelka karandash kardinal kareltje karen123 karimova
karishma karlmarx karlmasc karolina karolina1 karolinka kartoshka kasparov kasperok katarina katemoss katerina katerinka
katharin kathryn1 katie123 katiebug katiedog katmandu katrina1 katya123 katyusha kawasaki kayaking kayla123 kazakova
kazanova kazantip kbdthgekm kbnthfnehf kbpfdtnf kcchiefs kcj9wx5n kcmfwesg kd189nlcih keith123 kekskek1 kelly001
kelly123 kellyann kemerovo kenaidog kendall1 kennedy1 kenneth1 kenneth2 kennwort kenny123 kenshin1 kenshiro kensingt
kenwood1 kenworth kerberos ketamine kevin123 keyboard keylargo keystone keywest1 kfcnjxrf kfnju842 kfvgjxrf kgvebmqy
khongbiet kickass1 kickbutt kickflip kicksass kikimora kikiriki kilbosik killabee killbill killemal killemall killer00
killer01 killer11 killer12 killer123 killer13 killer23 killer66 killer666 killer69 killer77 killer99 killerbe killerbee
killerman killians killswit killzone kimber45 kimberle kimberly1 kindbuds king1234 kingdom1 kingfish kingfisher kingkong
kinglear kingpins kingrich kingshit kingsize kingston kinkysex kirill123 kirsten1 kissarmy kissmyas kissmyass kissthis
kitty123 kittycat kittykat kittykit kjrjvjnbd kki177hk kkkkkkk1 kl?benhavn klapaucius klaudia1 kleopatra klimenko
klingon1 klondike klootzak klubnika kluivert knickerless knickers knight12 knight99 knights1 knockers knopfler knopo4ka
knothead knowledg knuckles kobayash kobebryant kochamcie kochanie kodaira52 koetsu13 kohsamui kokakola kolawole kolesnik
kolia123 kolovrat komarova komputer kondom25 konfetka konnichi kononenko konoplya konovalov konstantin koolhaas kordell1
koroleva koshechka koteczek koufax32 kourniko kovalenko kpydskcw kr9z40sy krakatoa krasavica krasnodar krasotka
kravchenko kristall kristen1 kristie1 kristin1 kristina1 kristinka kristjan krokodil krypton1 kryptoni ktnj2010
ktybyuhfl kudos4ever kukareku kukuruza kukushka kuleshov kulikova kumar123 kurosaki kurosawa kurtcobain kurwamac
kusanagi kvartira kwiatuszek kwiettie kzsfj874 l0swf9gx l58jkdjp! l8g3bkde labrador lachesis lacrimos lacrimosa lacrosse
ladybird ladybug1 ladyffesta ladygaga ladygirl ladylove ladyluck laetitia lafayett lagwagon lainth88 lakeland lakers08
lakers12 lakers24 lakers32 lakers34 lakeshow lakeside laketaho lakewood lalakers lalaland lambchop lambert1 lamborghini
lamborgini lambrett lancaste lancelot landrove landrover landscap lanzarot lapdance lapochka laputaxx laracrof laracroft
larionov larkspur larousse larry123 larrybir laser123 laserjet lasombra lastochka lasttime lasvegas latching latenite
lateralu lateralus laura123 lauren12 lavalamp lawncare lawnmowe lawntrax lazyacres lbfyjxrf lbhtrnjh lbpfqyth lbvekmrf
leadfoot leapfrog leather1 leavemealone lebedeva lebowski lebron23 ledzeppe ledzeppelin leedsuni leedsutd left4dead
left4dead2 lefthand legalize legends1 legioner leglover legoland legolas1 leiceste lekbyxxx lemmings lemonade len2ski1
lena1982 lena2010 lenochka leonard1 leonardo1 leonidas lerochka lesbian1 lesbians lespaul1 letitrid letmein0 letmein1
letmein2 letmein22 letmein3 letmein4 letmein5 letmein6 letmein7 letmein9 letmeinn letmeinnow letmeino letmesee leto2010
letsdoit letsfuck letsplay letterma levelone leviatha leviathan lewie622 lexingky lexingto lexmark1 lexus300 lfiekmrf
lfitymrf lfplhfgthvf lg2wmgvr lhbjkjubz2957704 libertad libertin liberty1 liberty2 liberty7 lichking lickme69 lickpussy
licorice liebherr liebling lifeguar lifehack lifeisgood lifestyl lifesuck lifesucks lightbul lightfoo lighthou lightman
lightnin lightning lightsab lightsaber lightspe likemike likesdick likewhoa lilcrowe lildevil lillian1 lilwayne limabean
limaperu limewire limpbizk limpbizkit limpdick lincoln1 lincoln2 lincoln7 linda123 lindalou lindros8 lindsay1 lindsey1
lineage2 linkinpark lionhear lionheart lionking lionsden lisa1234 lisamari lisichka listopad litebeer litespee lithium1
littlebear littlebi littlebit littlebitch littlebo littledo littlefuck littlegi littlegirl littleguy littlejo littlema
littleman littleminge littleon littleone littlewhore liudmila liveevil livefree livelife liverp00l liverpoo liverpool
liverpool1 liverpoolfc liverune livestrong livewire liza2000 liza2009 lizaveta lizottes ljb4dt7n ljxtymrf lkjhgfdsaz
lkjhgfdsazx llabesab llebpmac lllllll1 lllooottt lobster1 lochness lockdown lockedup lockerroom locksley locksmit
locoman0 locutus1 logan123 logcabin logging7 loginova logistic logitech logitech1 loglatin lohotron loislane lokomoti
lokomotiv lol123123 lol12345 lol123456 lolkin09 lollipop lollol12 lollol123 lollypop lololyo123 lommerse lomonosov
london01 london11 london12 london123 london20 london22 london99 lonesome lonestar lonewolf longball longbeac longbeach
longboar longboard longdick longdong longhair longhorn longhorns longjohn longjump longlegs longlife longshot longtong
longview longwood lonsdale lookatme looking1 looking4 loosee123 lopas123 loploprock lopotok01 loranthos lordsoth
loredana lorenzo1 losangel losangeles losbravo losenord loser123 losfix16 lost4815162342 lostboys lostlove lostsoul
lotrfotr34 lotus123 louis123 louisian love1234 love2000 love2010 love2011 love4eve love4ever love4you love5683 loveable
lovebaby lovebird loveboat lovebugs lovecock lovecraf lovedick lovefeet loveforever lovegame lovegirl lovehate lovehina
lovehurt lovehurts loveislife lovejone lovelife loveline loveme89 loveporn lovepuss lovepussy lover123 loverboy lovergir
lovergirl loverman lovesexy lovesong lovespor lovesporn lovestory lovesuck lovesyou lovethem lovetits loveyou1 loveyou2
lovezp1314 lowrider lp2568cskt lsdlsd12 lsia9dnb9y lsutiger ltcnhjth lthgfhjkm ltybcjdf luansantana lubimaya lucas123
lucidity lucifer1 lucifer666 lucky123 lucky777 luckyboy luckycat luckycharm luckydog luckyman luckyone luckystr lucozade
ludacris ludmilla lukas123 lunchbox luojianhua luscious lutscher luv2epus luv2fuck luvbekki luvpussy lvbnhbq1 lvbnhbtdf
lvjdp383 lysander lytghjgtnhjdcr lyudmila lzbs2twz lzhan16889 lzlzdfcz m1234567 m123456789 m1garand m6cjy69u35 m7hsqstm
m_roesel ma123123123 maasikas macanudo macarena macaroni macdaddy macdonal macgyver machine1 machoman macintos macintosh
mackdadd mackdaddy mackenzi macross1 macross7 macsan26 madagaskar madala11 madalena madalina madarchod maddison maddmaxx
maddog01 maddog69 madelein madhatte madhatter madhouse madinina madison0 madison1 madison2 madison3 madison9 madmax11
madness1 madonna1 maestro1 magellan maggie11 maggie12 maggiema magic123 magical1 magical123 magichat magician magicman
magicone magister magnavox magpies1 magritte mahalkit mahalkita mailcreated5240 mailman1 mainstre maiyeuem majestic
majinbuu majortom makarenko makarova makaveli makeitso makeksa11 makelove makemone makemoney makenzie maks2010 maks5843
maksimka maksimus malamute malcolm1 malcolmx malinois malishka mallard1 mallards mallorca mallrats malyshka mama1234
mama12345 mama1961 mama1963 mama1964 mama1970 mama2010 mamabear mamacita mamaliga mamapapa mamasboy mamasita mamatata
mamma123 mammamia mammoth1 mamochka manageme manager1 manchest mancheste manchester manchester1 manchild mancity1
mandarin mandarinka mandingo mandolin mandragora mandrake mandreki mandy123 mangust6403 manhatta mankind1 mannheim
manning1 manning18 manolito mansfiel mansikka manstein mantaray manunite manunited manwhore mapet123456 maplelea
mapleleafs maprchem56458 maradona marajade marakesh maranell maranello marathon marauder marbella marcelin marcelit
marcello marchenko marcius2 marco123 marcopol marcopolo marcus12 mardigra margaret1 margarit margosha maria123 mariachi
mariajos mariana1 marie123 marigold marihuana marijuan marijuana marilena marillio marillion marilyn1 marina123 marine21
mariner1 mariners marines1 marino13 mario123 mariposa marishka marissa1 mariupol mark1234 mark3434 marketin markhegarty
marlboro marlboro1 marley12 marlins1 marmalad marmaris marmelad marquise married1 marryher marseill marseille marshal1
martesana martin01 martin11 martin12 martina1 martinet martini1 martusia maryann1 maryjane marykate masahiro masamune
maserati mash4077 masha123 masha1998 mashamasha mashenka mashoutq masiania mason123 massimiliano massive1 master00
master01 master10 master11 master12 master123 master13 master21 master22 master23 master55 master69 master77 master99
masterb8 masterba masterbaiting masterbate masterbating masterca mastercard masterch masterchief masterkey masterlo
masterma mastermi mastermind masterof masters1 masturba masturbation masyanya matahari matchbox matchbox20 matematica
matematika matilda1 matrix01 matrix12 matrix123 matrix13 matrix19 matrix69 matrix99 matrixxx matt1234 matthew0 matthew1
matthew2 matthew3 matthew4 matthew5 matthew6 matthew7 matthew8 matthew9 matthewd matthias matthieu mattingl mattylad10
matulino matveeva maulwurf maureen1 maurice1 maurizio maurolarastefy maverick maverick1 mavericks max33484 maxim1935
maximili maximilian maximus1 maximus2 maxmotives maxpayne maxpower maxthedo maxwell1 maxwell2 maxwell7 mayflowe maynard1
mazafaka mazahaka mazda323 mazda626 mazdamx5 mazdarx7 mazdarx8 mazinger mbkugegs mccool24 mcdonalds mclaren1 mclarenf1
mdmaiwa3 mdmgatew meandyou meatball meathead meatloaf mechanic medical1 medicina meditate medvedev medvedeva megabyte
megadeth megaman1 megamanx megan123 megapass megapolis megastar megatron meister1 melanie1 melanie2 melbourn melinda1
melissa1 melissa2 melissa3 melissa6 melissa7 melnikova memphis1 memyself meowmeow mephisto mercator mercede1 mercedes
mercedes1 mercenar mercury1 mercury2 mercury7 mercutio merengue meridian merlin01 merlin11 merlin12 merlin21 merlin69
merlin99 mermaid1 mermaids merrill1 mersedes mesohorny mesquite messenge messiah1 metal123 metal666 metalgea metalgear
metalhead metalica metallic metallica metallica1 metalman metatron methodma methodman metro2033 metropol mets1986
mevefalkcakk mexicali mexican1 mexicano miami305 miatamx5 michael0 michael1 michael12 michael123 michael2 michael3
michael4 michael5 michael6 michael7 michael8 michael9 michaelb michaelc michaeld michaelj michaeljackson michaell
michaelm michele1 michelin michell1 michelle1 michelob michigan mick7278 mickey01 mickey11 mickey12 mickey22 mickey69
mickeymo mickeymouse microlab microlab1 microphone microsof microsoft microwav middleto midiland midnight midnight1
mightymo miguelit mike1234 mike12345 mike1969 mike2000 mikehunt mikejone mikey123 milamber milashka milehigh milenium
milfhunter milhouse milkbone milkmaid milkman1 milkshak milkyway millenia milleniu millenium millenni miller01 miller12
miller31 millerli millerlite millerti millertime million1 milliona millwall milwauke mimi92139 mindgame mine2306
minecraft minecraft123 mineonly minhasenha miniclip minicoop minicooper minidisc minimoni miniskir minnesot minnesota_hp
minnette minotaur minotavr minouche minstrel miracle1 miranda1 mironova miroslav miroslava miruvor79 mischief misfit99
misfits1 misha1111 misha123 mishanya mishmash mishutka misiaczek mission1 mississi misskitt misskitty missy123 misterio
misterme mistral1 mistress misty123 mistydog mithrand mitsubis mittens1 miyvarxar mizredhe mjollnir mko09ijn mmmmmmm1
mnbvcxz1 mobbdeep mobydick modelsne moderato mojojojo molly123 mollycat mollydog mollymoo mom4u4mm momanddad mommy123
momoney1 momsanaladventure monalisa monaliza monamour monday12 money100 money111 money123 money1234 money4me money777
moneybag moneymak moneymaker moneyman moneymon mongoose monica01 monica12 monica69 monique1 monitor1 monitor2 monkey00
monkey01 monkey10 monkey11 monkey12 monkey123 monkey13 monkey14 monkey20 monkey21 monkey22 monkey23 monkey24 monkey66
monkey69 monkey77 monkey99 monkeybo monkeyboy monkeybu monkeybutt monkeyma monkeyman monkeys1 monkfish monolith mononoke
monopoli monopoly monster1 monster2 monster7 monster9 montagne montana1 montblanc montecar montecarlo montella monterey
monterre montgom240 montgome montreal montrose monty123 mookie12 moom4242 moom4261 moonbeam moondog1 moonglow moonligh
moonlight moonlite moonrake moonshin moonshine moonshot moonstafa moonstar moonunit moonwalk moose123 moosehea moosejaw
mooseman mopar440 moparman morebeer moremone moremoney morgaine morgan01 morgan12 morganstanley morkovka morozova
morpheus morphius morrigan morrisse morrowin morrowind mortalkombat mortgage morticia mortimer mosias98 mossberg
mossyoak mostwanted motdepas motdepass motdepasse mother12 motherfu motherfuck motherlode motocros motocross motoguzz
motorbik motorbike motorcyc motorhea motorhead motorman motorola motorolla motorrad mounta1n mountai1 mountain mouse123
mouseman mousepad moviebuf movieman movies23 mowerman mpetroff mrblonde mrbrownx mrbrownxx mrbungle msconfig
msorcloledbr msouthwa mtwapa1a muaythai muchacha mudhoney mudshark mudslide mudvayne muenchen muffdive muffdiver
muffin11 muffin12 muffinman mulberry muledeer multimed multipas multiplelo multiplelog multiscan multisyn multisync
munchkin munson15 murciela murcielago murmansk murphy01 murphy11 murphydo murzilka muselman mushroom music101 music123
musical1 musiclover musicman mustaine mustang0 mustang1 mustang2 mustang3 mustang4 mustang5 mustang6 mustang67 mustang69
mustang7 mustang8 mustang9 mustangg mustanggt mustangs mustard1 mvtnr765 mwq6qlzo mxaigtg5 mxyzptlk my2girls my3girls
myfamily myfriend mymoney1 mymother mynameis mynewbots mynewpas mypasswo mypassword mysecret myspace1 mysterio mystery1
mystikal myxworld myxworld4 n7td4bjl n8skfswa nadezhda nallepuh nancy123 nanotech nantucke napolean napster1 narkoman
naruto12 naruto123 nascar03 nascar20 nascar24 nascar88 nascar99 nashvill nastenka nastya123 nastya1995 nastya1996
nastya2010 nastyboy nastyman nata1980 natalia1 natalie1 natalie2 nataliya natas666 natascha natasha1 natasha123 natasha2
natashka natedawg natedogg nathalia nathan01 nathan12 nathanie natural1 naturals naturist naughty1 naughtyboy naumenko
nausicaa nautica1 nautilus nautique navigato navigator navyblue navyseal nazarenko nazareth nazarova nbuhtyjr ncc1701a
ncc1701d ncc1701e ncc74656 nccpl25282 ndshnx4s nebraska necroman necromancer nectarin nederland nedkelly need4speed
needajob needforspeed needsome nefertit nefertiti nemesis1 nemesis2 nemezida nemiroff nemrac58 nemvxyheqdd5oqxyxyzi
neophyte nepenthe nephilim neptune1 nesterov nesterova netnwlnk netscape netvideo netware1 network1 network2
networkingpe netzwerk neuspeed neutrino neveraga neveragain neverdie nevergiveup neverland neverman nevermin nevermind
nevermor nevermore neverwinter newblood newburgh newcastl newdelhi newhaven newjerse newjersey newlife1 newlife2
newmedia newmexic newmexico newmoney neworder neworlea neworleans newpass1 newpass3 newpass6 newpassw newpassword
newpoint newport1 newports newproject2004 newshoes newspape newstart newstyle newworld newyork1 newyork2 newyorke
newzeala newzealand nextdoor nezabudka nfkbcvfy nfnmzyrf nfvthkfy nhecsyfujkjdt nhfdvfnjkju123 nhfkbdfkb nhfrnjhbcn
nhfycajhvths nicegirl nicerack nicetits nicholas1 nick1234 nicklaus nicksfun nicolas1 nicolas2 nicole01 nicole11
nicole12 nicole123 nicole18 nicole23 nicolett nietzsch nigger123 nightcrawler nightfal nighthaw nighthawk nightime
nightman nightmar nightowl nightshade nightwin nightwing nightwis nightwish nightwolf nihao123 nike1234 nikita123
nikita1998 nikita2000 nikita95 nikita99 nikitina nikki123 nikolaev nikolaeva nikolaevna nikolaus nikolay9 nilknarf
nineball nineinch ninja123 ninjaman ninjutsu nintendo nintendo1 nintendo64 nipples1 nirvana1 nirvana9 nissan350z
nitehawk nitemare njdevils nji90okm nnmaster nnnnnnn1 noaccess nochance nocturne nohack04 noisette nokia123 nokia2700
nokia3110 nokia3230 nokia3250 nokia3310 nokia5130 nokia5200 nokia5228 nokia5230 nokia5300 nokia5310 nokia5320 nokia5530
nokia5610 nokia5800 nokia6120 nokia6131 nokia6230 nokia6230i nokia6233 nokia6300 nokia6303 nokia6500 nokia6630 nokia7070
nokia7610 nokia8800 nokiadermo nokiae51 nokian70 nokian73 nokian95 nolimit5 nolimit8 nolimit9 nolimits noname123
noncapa0 nondriversig nonmembe nonrev67 noodles1 nopasaran nopasswo nopassword normandy norseman northsta northstar
northwes norwegen nosaints nosferat nosferatu nosredna nostromo not4u2no notagain note1234 notebook nothanks nothing0
nothing1 notoriou notredam notredame nottingh nottoday notyours nounours novartis novastar novembre novifarm novikova
nowayman nowayout nowwowtg nthvbyfnjh ntktdbpjh ntktgepbr nuaddn9561 nudegirl nudelamb nuggets1 number20 numberon
numbnuts nursultan nuttertools nwo4life nygiants nyknicks nyranger nyyankee nyyankees o4izdmxu oakland1 oakridge
oblivion obsessio obsidian obvious1 oc247ngucz oceans11 octavian october1 october2 october3 october6 october7 october8
octopuss oddworld odgez8j3 odinthor odt4p6sv8 odysseus ofclr278 ofcourse offsprin ohiostat ohiostate ojp123456 oktober7
olcrackmaster oldpussy oldschoo oldschool oldskool oldsmobi oldsmobile oldspice oldtimer oleander oleg1994 oleg1995
oleg1996 olegnaruto olemiss1 olga1976 oliveoil olivetti olivier1 ololo123 omega123 omegaman omegared omgkremidia
omgwtfbbq omnislash omsairam onelove1 onepiece onetwo12 onetwo34 onetwothree onlyone1 onlyone4 ontheoutside ontheroc
ontherocks ooicu812 oooooo99 ooooooo1 opelagila opelastra open1234 opendoor opensesa opensesame openwide operatio
operator opopop11 optimist optimus1 optiplex optiquest oqglh565 orange01 orange10 orange11 orange12 orange22 orange44
orange77 orange88 orange99 oranges1 orenburg orgasmic oriflame orioles1 orion123 orlando1 orochimaru oscar123 oscardog
otherside ou812345 ou8124me ousooner outside1 outsider overdriv overkill overlord ow8jtcs8t ownage123 oxymoron ozlq6qwm
ozzmosis p0015123 p030710p$e4o p0o9i8u7 p0o9i8u7y6 p1234567 p2ssw0rd p3nnywiz p455w0rd p4ssw0rd p4ssword p@ssw0rd
pa$$w0rd pa55w0rd pa55word pablo123 pachanga pacific1 pacifica packard1 packers1 packers2 packers4 paganini pagedown
painkill painkiller paintbal paintball paintball1 painter1 pakalolo pakistan pakistan1 palace22 paladin1 paladine
palantir palenque palermo1 palladin pallmall palmeira palmeiras palmetto palmtree paloalto palpatin panasoni panasonic
panasonik pancake1 panchito panda123 pandabear pandemonium pandora1 pandora2 pandoras pangolin panorama pantera1
pantera6 panther1 panther2 panther5 panther6 panther8 panther9 panthers panthers1 panties1 panties2 pantyhos pantyhose
pantyman papabear papageno papamama paparoach papasmur papasmurf paperboy papercli paperclip papercut paperino papichul
papillon pappnase parabola parachut paradigm paradise paradoks paradoxx paraklast1974 parallax paramedi paramedic
paramore paramoun paranoya parcells parfilev paris123 parker01 parker12 parkhead parkside parkview parlament parliame
parol123 parol999 parolamea parolparol parrothe parsifal partagas partizan partner1 partridg partyboy partyman partytim
pasadena pasha123 pass1234 pass1wor pass1word passat99 passcode passfind passion1 passions passking passmast passmaster
passpage passport passssap passsword passthie passthief passw0rd passw0rd1 passward passwerd passwor1 password password!
password0 password00 password01 password1 password10 password11 password12 password123 password1234 password13 password2
password21 password22 password23 password3 password4 password5 password6 password69 password7 password8 password9
password99 passwords passwordstandard passwort paswoord pasword1 patagoni patatina patch123 patches1 pathfind pathfinder
patricio patrick0 patrick1 patrick2 patrick3 patrick5 patrick7 patrick8 patrick9 patriot1 patriots patriots1 patrizia
patrycja patterso paul1234 paula123 paulaner paulchen paulina1 paulinka pavement pavilion pavlenko pavlusha payton34
pazzword pchealth pdtpljxrf peace123 peaceout peaches1 peaches2 peachfuz peacock1 peanut11 peanut12 peanutbutter
peanuts1 pearljam peartree pebbles1 pedigree pedro123 peekab00 peekaboo peepshow peewee51 pegasus1 peggysue pelican1
penchair pendrago pendragon penelopa penetrating penetration penfloor penguin1 penguin8 penguins penhorse penis123
penmouse pennstat pennstate penny123 pennydog pennywis pennywise pensacol pentable penthous pentium1 pentium2 pentium3
pentium4 pepper01 pepper11 pepper12 pepper123 pepper14 pepper76 pepsi123 pepsicol pepsicola pepsiman pepsimax pepsione
peregrin peresvet perfect1 perfecto performa pericles pernille persepho pershing persona1 pertinant pervasive pervert1
pescator peter123 peterbil peterbilt peterburg peternor peternorth peterose peterpan petrovich petrovna petticoa
peugeot406 peyton18 pfchfytw pfhfnecnhf pfqxjyjr pfqxtyjr pgszt6md phaedrus phantasm phantasy phantom1 phantom2 phantom3
phantom7 phantoms pharmacy phatfarm pheasant phenmarr pheonix1 phezc419hv phialpha philbert philippe philips1 phillesh
phillies phillip1 philmont phish123 phish420 phishing phoenix0 phoenix1 phoenix2 phoenix3 phoenix5 phoenix7 phoenix8
phoenix9 phoneman photogra photoman photosho photowiz phydeaux pi314159 pianoman piazza31 picasso1 piccolo1 pickles1
pickwick pictuers picture1 piehonkii piercing pikachu1 piligrim pilot123 pilsbury pimpdadd pimpdaddy pimpdady pimphard
pimpin69 pimpjuic pimpjuice pimpshit pimpster pinarell pineappl pineapple pineapple1 pinecone pinetree pinewood pinggolf
pingpong pinguino pingzing pinkerto pinkfloy pinkfloyd pinkpant pinkpuss pinkpussy pinky123 pinnacle pinoyako pioneer1
pipeline pipeutvj pippen33 piramida piramide pirates1 pirrello pissword pistache pistons1 pitbull1 pitbulls pitcher1
pitchers pittbull pittsbur pizza123 pizzaboy pizzahut pizzaman pizzapie pjcgujrat pjflkork plankton plastic1 plastics
plat1num platinum platypus play2win playball playboy1 playboy2 playboy6 playboys player69 playgirl playgolf playgrou
playhard playmate playstat playstation playstation2 playstation3 playtime pleaseme plhy6hql plokijuh plumber1 plymouth
pmdmscts pmdmsctsk pmtgjnbl pointman poiu0987 poiu1234 poiulkjh poiuytrewq pokemon00 pokemon1 pokemon12 pokemon123
pokemon2 pokemons poker123 pokerface pokerman pokesmot polarbea polarbear polaris1 polaroid police22 policema polkadot
polkaudi polkaudio polly123 polniypizdec0211 polniypizdec110211 polo1234 polopolo09 pon32029 pondscum pontiac1 poochie1
poohbear poohbear1 pookie11 pookster pool6123 poontang poopface poophead poopypan popcorn1 poppy123 poppydog poptarts
porkchop porkypig porn1234 porn4life pornclub pornking pornlove pornlover porno123 pornogra pornografia pornographic
pornoman pornosta pornostar pornpass pornsite pornstar porol777 porosenok porpoise porsche1 porsche2 porsche9 porsche911
porsches portishead portland portsmou portugal portvale poseidon positano positivo postbank postov10 postov1000 potapova
potsmoke poulette pourquoi power123 power666 powerade powerboo powerhou powermac powerman powerpla powerstr ppppppp1
ppspankp pqnr67w5 pr1ncess prashant preacher preciosa precious precious1 precisio predator prelude1 prelude9 premier1
premiumcash presario presiden prestigio preston1 pretende prettybo prettyboy prettygirl pridurok primaver primavera
primetim primetime21 primrose prince11 prince12 princesa princesit princess princess1 princessa princesse princeto
principa principe pringles printer1 priscill prisonbreak private1 private5 privet123 priyanka problemas process1
prodigy1 producti profesor professo proghouse programm project1 prokuror promethe promopas prophet1 prospero prostock
prostreet protools prototyp protozoa proverbs providen providian provista prufrock ps253535 psw333333 psychnau
psychnaut1 psycholo psylocke ptfe3xxp ptybnxtvgbjy pudding1 puertori puertorico puffdadd pufunga7782 puissant pullings
pumpkin1 pumpkin2 pumpkins punisher punkrawk punkrock punksnotdead punter12 puppydog puravida pureevil purgator purple01
purple11 purple12 purple13 purple69 pushistik pussy101 pussy123 pussy4me pussybitch pussyboy pussycat pussyeat
pussyeater pussyfuck pussygal pussykat pussylic pussylick pussylicker pussylip pussylov pussylover pussyman putamadre
putangina pxx3eftp pyramid1 pyramid7 pyramide pyramids q1234567 q12345678 q123456789 q1234567890 q123456q q1q2q3q4
q1q2q3q4q5 q1w2e3r4 q1w2e3r4t q1w2e3r4t5 q1w2e3r4t5y6 q1w2e3r4t5y6u7 q1w2e3r4t5y6u7i8 q1w2e3r4t5y6u7i8o9p0 q2w3e4r5
q8zo8wzq qawsed123 qawsedrf qawsedrftg qawsedrftgyh qaz12345 qaz123456 qaz123wsx qaz123wsx456 qaz12wsx qaz1wsx2
qazedctgb qazqaz123 qazsedcft qazwsx11 qazwsx12 qazwsx123 qazwsx1234 qazwsx12345 qazwsxed qazwsxedc qazwsxedc1
qazwsxedc12 qazwsxedc123 qazwsxedcrfv qazwsxedcrfvtgb qazxcdew qazxcdews qazxcvbn qazxcvbnm qazxsw12 qazxsw123 qazxsw21
qazxswed qazxswedc qazxswedc123 qazxswedcvfr qcmfd454 qcxdw8ry qmezrxg4 qmpq39zr qpful542 qpwoeiruty qq123123 qq123456
qq123456789 qqqq1111 qqqqqqq1 qqqqwwww qqqwwweee qqwweerr quackers quagmire quality1 quant4307 quant4307s quantum1
quaresma quattro6 queenas8151 queenbee queequeg quicksan quicksil quicksilver quietkey quiksilv quiksilver quincunx
quintain quixotic quovadis qw123456 qw12er34 qwaszx11 qwaszx12 qwaszx123 qwaszxedc qwaszxerdfcv qwaszxqw qwe123456
qwe1234567 qwe123asd qwe123qwe qwe123rty qweasd12 qweasd123 qweasdqwe qweasdzx qweasdzxc qweasdzxc1 qweasdzxc123
qwedcxzas qwedsazxc qweqwe12 qweqwe123 qwer1209 qwer1234 qwer12345 qwer4321 qwerasdf qwerasdfzxcv qwerfdsa qwert123
qwert1234 qwert12345 qwert54321 qwertasd qwertasdfg qwertasdfgzxcvb qwertgfdsa qwerttrewq qwerty00 qwerty01 qwerty02
qwerty09 qwerty10 qwerty100 qwerty11 qwerty111 qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwerty123456789
qwerty13 qwerty2010 qwerty21 qwerty22 qwerty23 qwerty32 qwerty321 qwerty33 qwerty66 qwerty666 qwerty69 qwerty77
qwerty777 qwerty78 qwerty789 qwerty88 qwerty89 qwerty99 qwerty999 qwertyas qwertyasd qwertyasdfgh qwertyu1 qwertyu123
qwertyu8 qwertyui qwertyuio qwertyuiop qwertyuiop1 qwertyuiop10 qwertyuiop12 qwertyuiop123 qwertyuiop12345 qwertyytrewq
qwertzui qwertzuiop qwerzxcv qwest123 qzwxecrv r1234567 r2d2c3p0 r2d2c3po r3ady41t r3vi3wpass r4e3w2q1 rabbit66 rabbit69
racecar02 racecar1 racecars rachael1 rachel69 radagast radiance radiatio radical1 radio123 radiohea radiohead radioman
raffaele raffaello ragnarok raider12 raiders1 raiders2 rainbow1 rainbow2 rainbow6 rainbow7 rainbows raindrop rainmake
rainmaker rainman1 raintree rainyday raistlin raleigh1 ralliart rambler1 rambo123 rammstei rammstein rammstein1 ramstein
ranchero random123 ranger01 ranger02 ranger11 ranger12 ranger21 ranger69 ranger75 ranger98 ranger99 rangerover rangers1
rangers2 rangers9 raptor22 rapunzel rasengan raspberr rasputin rasta220 rastafar rastafari rastaman rattlers rattlesn
rattolo58 rattrace raven123 rawiswar raymond1 razdvatri razorbac rb26dett rdfhnbhf rdgpl3ds ready2go realdeal realgood
realmadr realmadri realmadrid realtime reanimator rebbyt34 rebecca1 rebecca2 rebellio reckless red12345 redalert
redapple redbarch redbaron redbeard redbirds redbull1 redcar27 redcloud redcross reddevil reddevils reddrago reddragon
reddwarf redeemed redeemer redfish1 redgreen redhawks redhead1 redheads redhorse redhouse redknapp redlands redlight
redneck1 redrider redriver redrobin redrocke redroses redrover redryder redshift redshoes redskin1 redskins redskins1
redsox04 redsox11 redsox12 redsox19 redsox20 redsox24 redsox99 redstone redstorm redtruck redvette redwhite redwing1
redwings redwings1 redwood1 refinnej reggie31 reglisse rehjgfnrf rekbrjdf reloaded rembrand remingto renegade renfield
repmvbyf repvtyrj repytwjd repytwjdf repytxbr rerehepf rerfhfxf rerfhtre residentevil resolute respublika restaura
retired1 revelati revenant review69 reviewpa reviewpass revival47 revoluti revolver rfcgthcrbq rfgbnjirf rfgecnfcerf
rfgtkmrf rfhbyjxrf rfhectkm rfhfntkm rfhfrfnbwf rfhfufylf rfhfvtkm rfhfvtkmrf rfhfylfi rfhfynby rfhjkbyf rfhlbyfk
rfhnjirf rfkbybyf rfkmrekznjh rfktylfhm rfnfcnhjaf rfnfgekmnf rfnfhbyf rfnthbyf rfnthbyf1988 rfnthbyrf rfntymrf rfpfyjdf
rfpfynbg rfvbrflpt rfvfcenhf rfvtgbyhn rfvxfnrf rfybreks rfycthdf rhapsody rhbcnbyf rhbcnbyjxrf rhfcbdfz rhfcfdbwf
rhfcfdxbr rhfcjnrf rhfcyjlfh rhfcyjzhcr rhfdxtyrj rhfvfnjhcr rhind101 rhjrjlbk rhtdtlrj rhtyltkm ricardo1 riccardo
ricflair richard0 richard1 richard2 richard3 richard4 richard7 richard8 richard9 rickster ricochet riesling riffraff
rifleman rightnow rikimaru rileydog rincewin rincewind ringding ringo123 riobravo riogrand riptide1 river123 riverplate
riverrat riversid rjcntyrj rjdfkmxer rjdfktdf rjdfktyrj rjhjkmbien rjhjktdf rjirfrgbde rjntyjxtr rjrfrjkf rjvgm.nth
rjyatnrf rjycnbnewbz rjycnfynby rkbvtyrj rkfdbfnehf rktjgfnhf rlzwp503 rmracing roaddogg roadkill roadking roadrage
roadrash roadrunn roadrunner roadstar roadster roadtrip robert01 robert11 robert12 robert123 robert19 robert22 robert23
robert99 roberta1 roberto1 roberts1 robertso robin123 robinhoo robinhood robotech robotics rocawear rocheste rockandr
rockbott rockbottom rockcity rocket21 rocket69 rocket88 rocketma rocketman rockets1 rockfish rockford rockhard rockhead
rockhopper rocknrol rocknroll rockport rockroll rockshox rockstar rockstar1 rocky123 rockyboy rockydog rockytop rodman91
roflcopter roger123 roleplay rollover rollrock rolltide rolltide1 roma1990 roma1993 roma1995 roman123 roman222 roman777
romance1 romanenko romanova romanson romantik romantika romashka romeo123 ronaldinho ronaldo1 ronaldo7 ronaldo9
ronaldo99 roodypoo rooney10 roosevel rooster1 roosters rootbeer rootedit rosebowl rosebud1 rosebud7 rosebudd rosebuds
rosedale rosehill rosemari rosenrot rosewood rossella rossigno rostislav rothmans rotterda rottweil rounders rovnogod
roxanne1 roykeane rrrrrrr1 rsalinas rt6ytere rubberdu rubyrose ruffneck ruffryde rugby123 rugbyman rulesyou runescape
runescape1 running1 rush2112 rushmore ruslan123 russell1 russell2 russian7 russland rusty123 rustyboy rustydog rutabega
rvgmw2gl ryjgjxrf rz93qpmq s1234567 s12345678 s123456789 s1s2s3s4 s456123789 s5r8ed67s s7fhs127 s9te949f saab9000
sabbath1 sabrina1 sacramen sacrific sadiedog sadomaso safeu851 sagitari sailaway sailboat sailfish sailing1 sailormo
sailormoon saisg002 salamand salamander salamandra salasana salinger salisbur sally123 saltanat saltlake saltydog
salvatio salvator sam138989 samadams samanth1 samantha samantha1 samarkand samatron sammy123 sammyboy sammycat sammydog
sampson1 samsung1 samsung123 samsung2 samsung9 samuel12 samurai1 samuraix sanandreas sananton sanchez1 sanctuar sanders1
sanders2 sandiego sandman1 sandmann sandokan sandrine sandrock sandy123 sandydog sanfrancisco sangeeta sanity72
sanity729 sanpedro santa234 santacla santacru santana1 santana5 santeria santorin saopaulo sapphire saqartvelo sarah123
sarajane sarajevo sarasota saratoga sargsyan sasafras sasha123 sasha1234 sasha12345 sasha1988 sasha1992 sasha1993
sasha1994 sasha1995 sasha1996 sasha1997 sasha2000 sasha2010 sasha2011 sasha777 sasha_007 sashadog sashenka saskatoo
sasquatc sassy123 sassycat sassydog sat321321 satan666 satana666 sataniv1993 satchel1 satelite satellit satriani
saun24865709 sausage1 sausages savannah1 savatage savchenko save13tx saxophon sayangku sc0tland scanner1 scarecro
scarface scarface1 scarlet1 scarlets schalke0 schalke04 schastie scheisse schlampe schlange schlumpf schmidt1 schnecke
schneide schnuffi school12 schoolgirlie schorsch schreibe schroede schumach schweden science1 scimitar scirocco scooby11
scooby12 scoobydo scoobydoo scooter1 scooter2 scooter5 scooter6 scooter7 scooters scorelan scoreland scorpian scorpio1
scorpio2 scorpio6 scorpio7 scorpion scorpions scorpius scotland scotsman scott123 scottie1 scottsda scoubidou scoubidou2
scoubidou6 scrabble scrapland scrapper scrappy1 scratch1 screamer screwbal screwyou scribble scruffy1 scubadiv scubaman
scubapro scuderia sd3lpgdr sd3utre7 sdsadee23 seabass1 seagrams seagrave seagulls seahawks seahorse sealteam seanjohn
searcher searchin searock6 seashell seashore seatleon seattle1 seattle2 sebastia sebastian1 sebastie sebastien sebora64
sebring1 secret12 secret123 secretar section8 security security1 seductive seemnemaailm segblue2 seinfeld sekirarr
selfok2013 selhurst semenova seminole seminoles semperf1 semperfi semprini senators senha123 sensatio sentinal sentinel
sephirot sephiroth septembe septembr septiembr sepultur sepultura serafima seraphim serega123 serenada serendip
serendipity serenity sergbest sergeeva sergeevna sergey123 serious1 sersolution servette service01 service1 service321
sevastopol seven777 sevendus sevenof9 seventee seventy7 severine sevilia1 sevisgur sex12345 sex4free sexaddict sexdrive
sexfiend sexfreak sexiness sexisfun sexisgood sexkitte sexkitten sexlover sexmachine sexmania sexpistols sexsells
sexsexse sexslave sexstuff sexxxxxx sexy1234 sexybabe sexybaby sexybeas sexybeast sexybitc sexybitch sexyfeet sexygirl
sexygirls sexylady sexylegs sexylove sexymama sexyred1 sexytime sexywife sfgiants sh4d0w3d shadow00 shadow01 shadow10
shadow11 shadow12 shadow1212 shadow123 shadow13 shadow14 shadow22 shadow23 shadow69 shadow88 shadow99 shadowfa shadowfax
shadowma shadowman shadowru shadows1 shahrukh shakespe shalimar shamanking shameles shampoo1 shamrock shane123 shaney14
shannara shannon1 shannon2 shaolin1 sharingan sharipov sharkman sharon69 shashank shawshan shdwlnds shearer9 shedevil
sheepdog sheffiel sheldon1 shelley1 shemales shenlong sherbert sherlock sherman1 shevchenko shibainu shinchan shinigam
shinigami shipmate shirley1 shitball shitbird shitface shitfuck shithappens shithead shithead1 shithole shock123
shocker1 shockers shockwav shokolad shooter1 shopping1 shortdog shortman shortsto shotgun1 shotokan showboat showtime
shredder shrike01 shumaher shuriken shygirl1 sibelius sidekick sideshow sidewind sidewinder sidorova siegheil siemens1
sierra01 siffredi sigmachi signatur sigsauer silence1 silencer silenthill silicone silkeborg sillyboy silmaril silver01
silver11 silver12 silver22 silver33 silver69 silver77 silver99 silverad silverado silverch silverfi silverfo silverfox
silverma silversi silverst silvestr simba123 simbacat simferopol simon123 simonsay simpleplan simpson1 simpsons sinatra1
sinfonia singapor singapur sinister sinnfein sintesi07 siouxsie sissinit sissyboy sisyphus sithlord sixflags sixtynin
sixtynine sk84life sk8board sk8ordie skate123 skateboa skateboard skeeter1 skeletor skidmark skinhead skinnass skinner1
skipjack skipper1 skittles skorpion skorpion39 skyblue1 skyblues skydive1 skydiver skyeseth skyline1 skypilot skytommy
skywalk1 skywalke skywalker slacker1 slacking slagelse slamdunk slapnuts slapshot slava123 slaveboy slayer66 slayer666
slayer69 slayers1 sleepers sleipnir slick123 slickone slickric slimed123 slimshad slimshady slipknot slipknot1
slipknot666 slipper1 slippery sloneczko slot2009 slowhand slowpoke slowride slutfuck slutwife smackdow smackdown
smalldog smallfry smalltit smallvil smallvill smallville smartass smarties smashing smeghead smellyfe smile123 smile4me
smirnoff smirnova smith123 smoke420 smokedog smokeone smokepot smokewee smokeweed smokey01 smokey12 smolensk smooches
smoochie smoothie smuggles snake123 snakebit snakeeye snakeeyes snakeman snapper1 snapshot sneakers snickers snickers1
sniper01 sniper12 snoogans snoogins snoopdog snoopdogg snoopy12 snoopy69 snowball snowball1 snowbird snowboar snowboard
snowdrop snowflak snowflake snowhite snowman1 snowmass snowshoe snowstor snowwhit snowwhite snuffles snuggles snuggles1
snusmumrik soboleva sobriety soccer09 soccer10 soccer11 soccer12 soccer123 soccer13 soccer14 soccer15 soccer16 soccer17
soccer18 soccer19 soccer20 soccer21 soccer22 soccer33 soccer69 soccer77 soccer99 sochi2014 socrates sofaking softball
softball1 softcore softtail software sojdlg123aljg sokolova sokrates soldier1 solidsna solidsnake solitair solitari
solitude solnishko solnyshko solomon1 solstice something1 sonechka songbird songline songohan sonic123 sonnenschein
sonnyboy sonofgod sonofsam sonshine sony1234 sonyericsson sonyfuck sonyvaio sooners1 sophie01 sophie12 sophieh6 sopranos
sorcerer sordfish soreilly sorokina sorrento soso123aljg soulmate soundman soundwav souschef southbay southpar southpark
southpaw southsid southside southwes sovereig space199 spacebal spacebar spaceboy spacejam spaceman spagetti spaghett
spam967888 spanking spankme1 spanner1 spanners sparhawk sparkle1 sparkles sparkplu sparky01 sparky11 sparky12 sparky99
sparrow1 spartacu spartak1922 spartan1 spartan11 spartan117 spartans sparticu spawn666 speaker1 specboot special1
speciali specialinsta specialk spectre1 spectrum speculum speedrac speedster spencer1 spencer2 spencer5 spider10
spider12 spiderma spiderman spiderman1 spiderman3 spike123 spinnake spitfire splatter splinter splitter spongebo
spongebob spoonman sport123 sportage sportste sportster spotligh sprewell spring00 spring12 spring99 springst sprinter
sprocket spurs123 sputnik1 spyglass squeaker squealer squerting squirrel squirter squirtle sr20dett srilanka srinivas
ssbt8ae2 ssptx452 sssssss1 ssvegeta stairway stalingrad stalker1 stalker123 stalker2 stallion stallone stamford stampede
standart standrew stanisla stanislav stanley1 stanley2 staples1 star1234 starbase starbuck starbucks starburs starcraf
starcraft stardust starfire starfish starflee starfleet starfuck starfury stargate stargaze stargazer stargirl starligh
starlight starline starlite starship start123 startnow startrek startrek1 starwar1 starwars starwars1 starwood station1
station2 statistika stealth1 steam181 steamboa steamforums steeler1 steelers steelers1 steelhea steinway stella12
stellina stepanov stepanova stepashka steph123 stephani stephen1 stepside steve121 steve123 stevenso stewart1 sthgrtst
stickboy stickdaddy77 stickman stigmata stiletto stillers stillher stimorol stinger1 stingers stingray stinker1
stinkyfinger stockcar stockhol stocking stockpor stokecit stokrotka stomatolog stonecol stonecold stonewal stoppedb
stoppedby stormbri stpiliot str8edge strange1 stranger strannik stratcat stratfor stratoca stratocaster stratus1
strawber strawberry straycat streaker streaming streetball strekoza strider1 striker1 strip4me stripclub stripper
stroller strongbo structur strummer strutter student1 studio54 studioworks studmuff studmuffin stunner1 stuntman
stupid12 stuttgar sublime1 submarin submissi subwoofer subzero1 success1 success2 suckcock suckdick sucker69 suckfuck
suckit69 suckmeoff suckmy1k suckmyco suckmycock suckmydi suckmydick suckthis sudhakar sugarbea sugarbear sugardog
sugarray suikoden sumitomo summer00 summer01 summer02 summer03 summer04 summer05 summer06 summer07 summer08 summer10
summer11 summer12 summer13 summer20 summer22 summer69 summer98 summer99 summerti summertime summoner sunbanna sunburst
sundance sundaypunch sunderla sundevil sunflowe sunflower sunghile sunlight sunny123 sunnyboy sunnyday sunnysid sunrise1
sunsh1ne sunshin1 sunshine sunshine1 super123 superbad superbee superbow superboy supercal supercar supercat supercoo
supercop superdav superdog superdude superdup superduper superfly superfre supergir supergirl superjet superma1 superman
superman1 superman12 superman123 superman2 supermanboy supermar supermario supermax supermen supermom supernov supernova
superpuper supersex superson supersonic supersta superstar superted supertra support1 sureno13 sureshot surfboar
surfcity surfer69 surfing1 surfside surrende surveyor survivor susanne1 suspende sustanon suzanne1 sveta123 svetasveta
svetlana svetlanka swallows swampfox swansong swatteam sweet123 sweet666 sweetass sweetdream sweetgirl sweethea
sweethear sweetie1 sweeties sweetnes sweetness sweetpea sweetpus sweetpussy sweetu70 swetlana swimmer1 swimming swinger1
swingers swinging swissair sword123 swordfis swordfish swordsma sycamore sydney12 sylvania sylveste symantec syncmast
syncmaster syndicat syracuse sys64738 sysadmin system12 system32 systemofadown t34vfrc1991 t3fkvkmj tabaluga tabbycat
table54781 tabletop taburetka tacobell tadmichaels taekwond taekwondo taganrog tagheuer tailgate tailhook tajmahal
takamine takayuki take8422 takedown takehana taliesin talisker talisman talktome tallulah talonesi tamerlan tampabay
tamplier tamwsn3sja tanechka tanelorn tangerin tangerine tango123 tannenbau tanstaaf tanushka tanya123 tanyshka tarantul
tarasova taratata tarheel1 tarheels tashkent tassadar tatertot tatiana1 tatooine taylor01 taylor11 taylor12 taylorma
tazdevil tazmania tcglyued tdeir8b2 tdfyutkbjy teacher1 teamlosi teamomuch teamster teamwork teaparty teardrop techdeck
techn9ne technica technici technics technolo tecktonik tecumseh teddy123 teddybea teddybear teenfuck teengirl teenlove
teenslut teiubesc telecast telecaster telefone telefono telefoon telemark telephon teleport telescop televisi televizor
tema1234 temitope temp1234 tempest1 templar1 temporar temppass temppassword temptress tenerife tennesse tennis11
tennis12 tenorsax tentacle tequiero tequila1 tequilla terminat terminato terminator terorist terrapin terrell1 terriers
terry123 test1234 testdrive testerer testibil testicle testing1 testing123 testing2 testpass testuser teufelo7 texas123
tgbxtcrbq tgkbxfgy thailand thanatos thankgod thankyou thebeach thebears thebeast thebeatl thebeatles theblues
thecakeisalie thechamp theclash theclown thecount thecure1 thedevil thedoors thedream theflash theforce thegame1
theghost thegirls thegreat thejoker thekiller theking1 thekiwi1 thelast1 theman22 themaste themaster thematri thematrix
thepower theraven theresa1 theriver therock1 thesaint thesims2 thesims3 thesnake thestone thetachi thething thetruth
theworld thicknes thinkbig thinkpad thinline thirdeye thirteen thisisit thisisme thissuck thissucks thomas01 thomas10
thomas11 thomas12 thomas123 thomas13 thomas19 thomas21 thor5200 thoradin thorsten threesom throatfuck throbber thuglife
thuglove thugstools thumbnils thumper1 thunder0 thunder1 thunder2 thunder3 thunder5 thunder6 thunder7 thunder9 thunderb
thunderbird thunderc thunders thvfrjdf tiberian tiberium tiberius tiburon1 ticketmaster tickleme tickling ticklish
ticktock tiffany1 tiffany2 tiger123 tiger200 tigerboy tigercat tigereye tigerfan tigerlil tigerman tigerpaw tigers01
tigers11 tigers12 tigertig tigerwoo tigerwoods tigger01 tigger11 tigger12 tigger13 tigger69 tigger99 tightass tightend
tigrenok tiktonik timberla timberland timberwo timberwolf timebomb timelord timepass timeport timewarp timmy123 timoshka
timothy1 timoxa94 tinchair tincouch tinfloor tinhorse tinkerbe tinkerbel tinkerbell tintable tinuviel tippmann tiramisu
tiribon12 titanic1 titanium titleist titlover titmouse titsnass tkachenko tkbpfdtnf tlbyjhju tm371855 tmjxn151 toadfrog
todiefor tokenbad tokiohotel tolkien1 tomahawk tombraid tombraider tombston tomcat14 tomjerry tomjones tommy123 tommyboy
tommycat tommygun tommylee tomservo tomwaits tonyhawk toolshed tooltime toonarmy toonporn tooshort toosweet tootsie1
topdevice topflite topolino toppdogg topsecre topsecret topshelf toriamos tornado1 tornados toronto1 torrente torrents
tortoise toshiba1 totalwar totenkopf tottenha tottenham touchdow toughguy toulouse toutoune towtruck toyota91 toystory
tracker1 tracksta tracy123 trademan trader12 trafalga traffic1 trafford trailer1 trailers trainman tranmere tranquil
transalp transam1 transcend transexual transfor transits translator transpor trapdoor trashman traveler travelle
travesti travolta traxdata treasure treefrog treehous treetops trekbike tremendo trfnthby trfnthbyf triangle triathlo
tribbles tricolor trident1 triforce trigger1 trigger2 trillian trillium trim7gun trinitro trinitron trinity1 trinity3
trinity7 triplets tristan1 tristram triumph1 trojans1 trombone trompete trooper1 trooper2 troopers trotters trouble1
trouble2 trousers troutbum trrim777 trucker1 truckers trucking truckman trueblue truegrit truelove truffles trumpet1
truskawka trustn01 trustno1 trustnoo trustnoone tryagain tsunami1 tttttt99 ttttttt1 tu190022 tubitzen tuczno18 tuesday1
tuesday2 tuffgong tujazopi tujheirf tummybed tunafish tupacshakur tuppence turambar turandot turbo911 turbodog turkey50
turntabl turtoise tvxtjk7r twentyon twilight twinboys twinkles twinturb twisted1 twisters twizzler twogirls twothree
tyler123 tyrik123 tyson123 u4slpwra uaeuaeman ublhjgjybrf ubvyfpbz uekmyfhf ufdibyjd ufgyndmv ufhhbgjnnth ufhvjybz
ufkfrnbrf ufkxjyjr uhbujhbq uhfdbwfgf uhtqneyu uiegu451 ujhjl312 ujkjdjkjvrf ukflbfnjh ukflbjkec ukqmwhj6 ultimate
ultra123 ultraman umbrella ummagumma unb4g9ty uncencored unclebob unclesam underdog undergro underhil undernet underpar
undertak undertaker undertow underwat underwoo underwor unforgiv unforgiven unicorn1 united99 universa universi unknown1
unlimite up9x8rww uptheass urlacher ursitesux usermane username usethis1 usmarine usmc0311 usmc1775 usuckballz1 utahjazz
uthvfybz utjuhfabz utjvtnhbz uto29321 utyyflbq uuuuuuu1 uvmrysez v123456789 vacation vader123 vaffanculo vagabond
vakantie valdemar valdepen valentin valentina valeria1 valerie1 valeriya valhalla valkiria valkyrie valleywa vampire1
vancouve vandamme vanechka vanessa1 vangelis vanguard vanhalen vanilla1 vanyarespekt varadero vaseline vasileva vasilina
vasilisa vasilisk vatoloco vauxhall vaz21074 vaz21093 vaz21099 vbhjckfd vbhjckfdf vbhjh123 vbhjndjhtw vbitymrf vbnhjafy
vegas123 vehpbkrf vehvfycr velosiped vendetta venezuel vengence venom121293 venom123 ventura1 venture1 vepsrfyn verbatim
verboten vergesse vergeten veritas1 veritech verizon1 vermont1 verochka veronika veroniqu verycool verygood verygoodbot
verymuch verynice verysexy vespucci vetteman vfhbfyyf vfhbyfvfhbyf vfhbyjxrf vfhecmrf vfhnsirf vfhnsyjdf vfhufhbnf
vfhufhbnrf vfhvtkfl vfhvtkflrf vfiekmrf vfitymrf vfkmdbyf vfktymrfz vflfufcrfh vfnbkmlf vfnhjcrby vfntvfnbrf vfpfafrf
vfrcbv123 vfrcbvec vfrcbvev vfrcbvjd vfrcbvjdf vfrcbvrf vfrcbvvfrcbv vfrfhjdf vfrfhjys vfuyjkbz vfvekbxrf vfvekmrf
vfvektxrf vfvf2011 vfvfbgfgf vfvfgfgf vfvfgfgf123 vfvfgfgfz vfvfktyf vfvfvskfhfve vfylfhby vfylfhbyrf vfyxtcnth vg08k714
vibrator vicecity vicelord victoire victoria1 victoriya victory1 victory7 videogam videoman viewsoni viewsonic vika1995
vika1996 vika1998 vika2010 vika2011 vikings1 vikings2 viktoria viktorija viktoriy viktoriya villevalo vinbylrj vincent1
vinicius vinograd vintelok violator violentj violetta viper123 vipergts viperman virginie virtuagirl vishenka visigoth
visionar vitalik1 vitalina vitalogy vitamine vittoria vittorio vivahate vivitron vjhjpjdf vjhrjdrf vjnjhjkf vjqgfhjkm
vjzctvmz vjzgjxnf vkfwx046 vkontakte vlad1234 vlad1994 vlad1995 vlad1996 vlad1997 vlad1998 vlad2011 vlad7788 vladimir
vladimir1 vladimirovna vladislav vladislava vladvlad vodafone voldemar volgograd volition volkodav volkswag volkswagen
volleyba voltaire voluntee volvo240 volvo850 volvos40 volvos60 volvos80 volvov70 vonnegut voronina vova12345 vova1992
vova1994 vovan_lt vovochka voyager1 voyager2 vqsablpzla vsevolod vsjasnel12 vthctltc vthokies vthrehbq vtldtltd
vtufgjkbc vurdf5i2 vw198m2n vwpassat vyjujnjxbt w1234567 w1w2w3w4 w2dlww3v5p w8gkz2x1 wachovia wachtwoord waffenss
wagoneer waheguru wakeboar waldemar walhalla walkman555 wallace1 wallace2 walleye1 wallpape wallstre wallstreet walter34
wanderer wantsome wapapapa wapbbs_1 war3demo waratsea warchild warcraft warcraft1 warcraft3 wareagle warehous wargames
warhamer warhamme warhammer warhammer40k warhorse warlock1 warlord1 warrior1 warrior2 warrior3 warriors warspite
warszawa wartburg was.here wasdwasd wasdwasd1 washingt washingto watchmen watchout water123 waterboy waterfal waterloo
watermel watermelon waterpol waterpolo waterski wavmanuk wayfarer wazzkaprivet wcksdypk wcrfxtvgbjy wdtnjxtr weare138
weather1 webhompas webhompass webmaste webmaster websol76 websolutions websolutionssu webster1 websters webuivalidat
wednesda weedhead weetabix weihnachte weihnachten weihnachtsbau weihnachtsbaum wejrpfpu welcome0 welcome01 welcome1
welcome12 welcome123 welcome2 welcome4 welcome5 welcome7 welcome8 welkom01 wellcome welldone wellhung wellingt welshman
wenef45313 werewolf weronika wert1234 werthvfy werty123 wessonnn west1234 westbrom westcoas westcoast western1 westham1
westlife westport westside westwind westwing westwood wethepeople wetpussy wetwilly wetworks wg8e3wjf wharfrat whatever
whatever1 whatisit whatluck whatthef whatthefuck whattheh whatthehell wheaties whiplash whirling whiskers whiskey1
whisper1 whistler whiteboy whitecat whitedog whitehea whiteout whitepower whitesox whitesta whitetai whitetail whitewol
whitewolf whitney1 whoareyou whocares whodaman whoknows whoopass whosyourdaddy whynotme whytesha wideglid wideopen
widespre wifey200 wiktoria wildbill wildblue wildcard wildcat1 wildcats wildchil wildfire wildman1 wildroid wildrose
wildside wildstar wildthin wildthing wildwest wildwood william0 william1 william2 william3 william4 william6 william7
william8 williamj williamm williams1 willie12 willow01 willy123 willyboy winchest windmill windows1 windows2 windows9
windsong windsor1 windstar windsurf wingchun wingzero winner12 winner69 winnipeg261 winston1 winston2 winston6 winstons
winter00 winter01 winter11 winter12 winter99 wintermu winxclub wisconsi wishbone wishmaster wisteria withlove wizard12
wizardry wladimir wltfg4ta wmegrfux wnmaz7sd wolfgang wolfman1 wolfpack wolverin wolverine womersle wonderbo wonderboy
wonderbr wonderfu wonderwall wonderwo wonderwoman wonkette woodbird woodchuc wooddoor woodduck woodfish woodland
woodlawn woodpony woodsink woodstoc woodstock woodwind woodwork woody123 woofwoof wordlife wordpass workhard worksuck
world123 worldcom worldcup worldnet worldwar worldwid wormwood wow12345 wowlook1 wp2003wp wpoolejr wrangler wrest666
wrestle1 wrestlin wrestling1 wrinkle1 wrinkle5 wrinkles writerspace wrongway wtpmjgda wutang36 wwr8x9pu wwwwwww1
x002tp00 x4ww5qdr x72jhhu3z xaccess2 xakep1234 xboxlive xcalibur xcountry xenocide xenogear xenophon xexeylhf xiaoyua123
xohzi3g4 xpressmusic xsvnd4b2 xsw21qaz xsw23edc xthtgfirf xtutdfhf xufrgemw xxx12345 xxxp455w0rd5 xxxxxxx1 xyh28af4
xzsawq21 yaglasph yamaha12 yamahar1 yamahar6 yamakasi yankeemp yankees0 yankees1 yankees2 yankees3 yankees4 yankees7
yankees9 yanochka yanshi1982 yardbird yaroslav yasacrac yasuhiro ybrbnbyf ybrbnf_25 ybrbnjcbr ybrjkftd ybrjkftdbx
ybrjkftdyf ycwvrxxh yeahbaby yeahrigh yeahright year2000 year2005 yelena03 yellow12 yellow22 yes90125 yesterda yfcnfcmz
yfcntymrf yfcnz123 yfcnzvjz yfcnzyfcnz yfdbufnjh yfeiybrb yfgjktjy yfhrjnbrb yfltymrf yfnfitymrf yfxfkmybr ygfxbkgt
yggdrasi yingyang yjdbrjdf yjdjcnbf yjdsqgfhjkm yjdsqujl yjdujhjl yjhbkmcr ym3cautj yogibear yorkshir yorktown yosemite
youandme youngone yourmama yourmom1 yourname yousuck1 yqlgr667 yqmbevgk yr8wdxcq ytdxz2ca ytngfhjkz ytnhjufnm ytrhjvfyn
ytyfdbcnm yuitre12 yujyd360 yvtte545 yxkck878 yy5rbfsc yyyyyyy1 yzerman1 z1234567 z123456789 z123456z z1x2c3v4
z1x2c3v4b5 z1x2c3v4b5n6m7 z1z2z3z4 z3cn2erv zacharia zachary1 zaharova zanzibar zaphod42 zaq!2wsx zaq11qaz zaq12345
zaq123wsx zaq12qaz zaq12wsx zaq1xsw2 zaq1xsw2cde3 zaqwsx123 zaqwsxcde zaqwsxcderfv zaqxsw123 zaqxswcde zaratustra
zasranec zaxscdvf zcfvfzkexifz zcxfcnkbdf zcxfcnkbdfz zebra123 zemanova zenit2011 zeppelin zerocool zesyrmvu zhjckfdf
zhongguo zidane10 zigazaga ziggy123 zildjian zimmerma zinedine zipdrive zippy123 zjses9evpa zldej102 zoidberg zolushka
zombie13 zootsuit zorro123 zpflhjn1 zqjphsyf6ctifgu zrjdktdf zse45rdx zse4xdr5 zsecyus56 zucchero zx123456 zx123456789
zxasqw12 zxc12345 zxc123456 zxc123zxc zxcasd123 zxcasdqw zxcasdqwe zxcasdqwe123 zxcqweasd zxcv1234 zxcv4321 zxcvasdf
zxcvb123 zxcvb1234 zxcvb12345 zxcvbasdfg zxcvbn12 zxcvbn123 zxcvbn123456 zxcvbnm. zxcvbnm1 zxcvbnm12 zxcvbnm123
zxcvbnm123456789 zxcvbnma zxcvbnmm zxcvbnmz zxcvfdsa zxcvvcxz zz123456 zz8807zpl zzxxccvv zzzxxxccc zzzzxxxx zzzzzzz1
', E'\n', ' ')), ' ');

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

comment on table auth.totp is
  'The second factor of an account: a time-based code (RFC 6238); asked for once it is confirmed';
comment on column auth.totp.user_id is 'The account';
comment on column auth.totp.secret_encrypted is 'Seed of 160 bits in base32, encrypted for the purpose totp:<user id>';
comment on column auth.totp.created_at is 'When it was begun';
comment on column auth.totp.confirmed_at is
  'When a code showed that the seed arrived; NULL: not yet, and nobody is asked for it';
comment on column auth.totp.last_step is 'Step of the last code that was accepted; that one and older ones are refused';

create table auth.recovery_codes (
  user_id    uuid not null,
  id         uuid not null default base.new_id(),
  code_hash  bytea not null,
  created_at timestamptz not null default now(),
  used_at    timestamptz,
  constraint recovery_codes_pkey primary key (user_id, id),
  constraint recovery_codes_code_hash_key unique (user_id, code_hash),
  constraint recovery_codes_user_id_fkey foreign key (user_id) references auth.totp (user_id) on delete cascade,
  constraint recovery_codes_code_hash_check check (length(code_hash) = 32)
);

comment on table auth.recovery_codes is 'Codes that stand in for the second factor, each once';
comment on column auth.recovery_codes.user_id is 'The account';
comment on column auth.recovery_codes.id is 'Names the row where its hash must not be told';
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

comment on function auth.tg_totp__keep_two_factor() is
  'Keeps what an account says of its second factor equal to what it has';

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

-- Taking a changed address back removes what a thief set up with it.
create policy system_delete on auth.totp for delete to plinth_system using (true);
grant delete on auth.totp to plinth_system;

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

comment on table auth.signing_keys is
  'Keys that sign JWTs (HS256): one in force, and those whose last tokens have not expired';
comment on column auth.signing_keys.kid is 'Name of the key, in the header of every token it signed';
comment on column auth.signing_keys.key_encrypted is
  '256 random bits in hexadecimal, encrypted for the purpose signing_key:<kid>';
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

create index provider_keys_key_idx on auth.provider_keys (substr(secret_encrypted, 2, 4));
comment on index auth.provider_keys_key_idx is 'For core.reencrypt_secrets: which main key they were encrypted with';

-- A key that its owner replaced; what is only encrypted anew is no change.
create trigger _800_audit after insert or delete or update of updated_at on auth.provider_keys
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

create table ops.secret_keys (
  key_id          text not null,
  check_encrypted bytea not null,
  first_used_at   timestamptz not null default now(),
  constraint secret_keys_pkey primary key (key_id),
  constraint secret_keys_key_id_check check (key_id ~ '^[0-9a-f]{8}$')
);

comment on table ops.secret_keys is
  'Which main keys this database was used with, so that a wrong one is noticed; the keys are elsewhere';
comment on column ops.secret_keys.key_id is 'Its id, which is derived from the key';
comment on column ops.secret_keys.check_encrypted is 'A known word, encrypted with it: who can read that has the key';
comment on column ops.secret_keys.first_used_at is 'When it was first used';

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

alter table ops.secret_keys enable row level security;
alter table ops.secret_keys force row level security;
create policy operator_read on ops.secret_keys for select to plinth_operator using (true);
create policy system_read on ops.secret_keys for select to plinth_system using (true);
create policy system_insert on ops.secret_keys for insert to plinth_system with check (true);
grant select on ops.secret_keys to plinth_operator;
grant select, insert on ops.secret_keys to plinth_system;

-- Secrets are written anew after a change of the main key, for every user.
create policy system_read on auth.provider_keys for select to plinth_system using (true);
create policy system_update on auth.provider_keys for update to plinth_system using (true);
grant select, update on auth.provider_keys to plinth_system;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'secret_keys',    'local', 'which keys this machine was used with'),
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
-- Mail goes out in the user's language, also before there is a caller.
create policy system_read on auth.user_preferences for select to plinth_system using (true);
grant select on auth.user_preferences to plinth_system;
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

create index team_members_user_id_idx on auth.team_members (user_id, team_id);
comment on index auth.team_members_user_id_idx is 'For auth.team_ids, the foreign key, and the export of a user';

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

create index team_invitations_email_idx on auth.team_invitations (lower(email));
comment on index auth.team_invitations_email_idx is 'For erasing whoever had the address';
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
--     using (case when user_id = (select base.current_user_id()) then true
--                 else id = any ((select auth.granted_ids('conversation', 'read'))::uuid[]) end);
--   create trigger _200_end_grants after delete on chat.conversations
--     for each row execute function auth.tg__end_grants('conversation', 'id');
--   create trigger _910_touch_granted after update or delete on chat.conversations
--     for each row execute function auth.tg__touch_granted('conversation', 'id', 'conversations');
--
-- update asks for 'write', delete for 'admin'; insert is for one's own rows only.
-- The CASE is a filter and never an index condition, so a statement says what it wants: its id, its user_id, or any of
-- auth.granted_ids. With an OR every list was a bitmap and a sort: 30 ms in place of 0.07 for 50 of 50,000 own rows.
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
insert into base.table_privacy (schema_name, table_name, user_column, address_column, neutral) values
  ('auth', 'team_invitations', null, 'email', '{role}');
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

-- db/schema/150_limits.sql

-- ops: rate limits and quotas. What users, API keys, addresses and routes may use, and what they used of it.

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('limits.requests_per_minute', '60',     'integer', 0, 999999999999, 'Requests a minute of a user of the lowest tier; 0: any'),
  ('limits.requests_per_hour',   '1000',   'integer', 0, 999999999999, 'The same, an hour'),
  ('limits.requests_per_day',    '10000',  'integer', 0, 999999999999, 'The same, a day'),
  ('limits.tokens_per_day',      '100000', 'integer', 0, 999999999999, 'Tokens of models a day, likewise');

insert into auth.permissions (name, description) values
  ('limits:manage', 'See and change the limits of users, tiers and routes');

------------------------------------------------------------------------------------------------------------------
-- Limits: the settings above, or what the environment says instead, times the factor of the tier; for single users,
-- API keys (auth.api_keys.limits) and routes what is said here.
------------------------------------------------------------------------------------------------------------------

create table ops.tier_limits (
  tier       text not null,
  factor     integer not null,
  updated_at timestamptz not null default now(),
  version    integer not null default 1,
  constraint tier_limits_pkey primary key (tier),
  constraint tier_limits_factor_check check (factor between 1 and 1000000)
);

comment on table ops.tier_limits is
  'How many times the usual limits hold for a tier; a tier without a row has them as they are';
comment on column ops.tier_limits.tier is
  'Name in auth.tiers, or anonymous: an address without a token, which may be that of many people';
comment on column ops.tier_limits.factor is 'Times the usual limits';
comment on column ops.tier_limits.updated_at is 'When it was last changed';
comment on column ops.tier_limits.version is 'Grows with every change';

insert into ops.tier_limits (tier, factor) values ('anonymous', 10), ('free', 1), ('pro', 10), ('enterprise', 100);

create table ops.route_limits (
  route               text not null,
  requests_per_minute bigint,
  requests_per_hour   bigint,
  requests_per_day    bigint,
  updated_at          timestamptz not null default now(),
  version             integer not null default 1,
  constraint route_limits_pkey primary key (route),
  constraint route_limits_route_check check (route ~ '^(GET|POST|PUT|PATCH|DELETE) /v1/[a-z0-9/{}_.-]+$'),
  constraint route_limits_requests_per_minute_check check (requests_per_minute between 0 and 999999999999),
  constraint route_limits_requests_per_hour_check check (requests_per_hour between 0 and 999999999999),
  constraint route_limits_requests_per_day_check check (requests_per_day between 0 and 999999999999)
);

comment on table ops.route_limits is
  'What one caller, a user or an address, may use of one route, besides all other limits';
comment on column ops.route_limits.route is 'Method and path, as in http.routes';
comment on column ops.route_limits.requests_per_minute is
  'Requests a minute; NULL or 0: no limit, as where the usual one is 0';
comment on column ops.route_limits.requests_per_hour is 'The same, an hour';
comment on column ops.route_limits.requests_per_day is 'The same, a day';
comment on column ops.route_limits.updated_at is 'When it was last changed';
comment on column ops.route_limits.version is 'Grows with every change';

-- What costs much, writes mail, or is tried by those who guess. Failed sign-ins are counted more closely elsewhere.
insert into ops.route_limits (route, requests_per_minute, requests_per_hour, requests_per_day) values
  ('POST /v1/users',               120, 1000, 5000),
  ('POST /v1/sessions',            300, 5000, null),
  ('POST /v1/password-resets',     30,  200,  1000),
  ('POST /v1/email-verifications', 30,  200,  1000),
  ('POST /v1/usage/bulk',          20,  200,  1000);  -- a thousand rows each

create table ops.user_quotas (
  user_id             uuid not null,
  requests_per_minute bigint,
  requests_per_hour   bigint,
  requests_per_day    bigint,
  tokens_per_day      bigint,
  updated_at          timestamptz not null default now(),
  version             integer not null default 1,
  constraint user_quotas_pkey primary key (user_id),
  constraint user_quotas_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint user_quotas_requests_per_minute_check check (requests_per_minute between 0 and 999999999999),
  constraint user_quotas_requests_per_hour_check check (requests_per_hour between 0 and 999999999999),
  constraint user_quotas_requests_per_day_check check (requests_per_day between 0 and 999999999999),
  constraint user_quotas_tokens_per_day_check check (tokens_per_day between 0 and 999999999999)
);

comment on table ops.user_quotas is 'Limits of single users, in place of those of their tier';
comment on column ops.user_quotas.user_id is 'Whose limits';
comment on column ops.user_quotas.requests_per_minute is 'Requests a minute; NULL: as the tier has it; 0: no limit';
comment on column ops.user_quotas.requests_per_hour is 'The same, an hour';
comment on column ops.user_quotas.requests_per_day is 'The same, a day';
comment on column ops.user_quotas.tokens_per_day is 'Tokens of models a day, likewise';
comment on column ops.user_quotas.updated_at is 'When they were last changed';
comment on column ops.user_quotas.version is 'Grows with every change';

create trigger _100_touch before update on ops.tier_limits
  for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _100_touch before update on ops.route_limits
  for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _100_touch before update on ops.user_quotas
  for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _800_audit after insert or delete or update on ops.tier_limits
  for each row execute function ops.tg__audit('tier', 'user_id');
create trigger _800_audit after insert or delete or update on ops.route_limits
  for each row execute function ops.tg__audit('route', 'user_id');
create trigger _800_audit after insert or delete or update on ops.user_quotas
  for each row execute function ops.tg__audit('user_id', 'user_id');

------------------------------------------------------------------------------------------------------------------
-- What was used: one row per subject, so that several windows cost one lock and one write. A window is a ring of 62
-- parts, each a sixtieth of it long. What is counted in a part leaves when the 61 after it are over, so that in any
-- span as long as the window, wherever it begins, there is never more than the limit, although the layer may use
-- what it was granted up to a second later.
------------------------------------------------------------------------------------------------------------------

create type ops.rate_window as (head bigint, total bigint, counts bigint[]);

comment on type ops.rate_window is
  'What was counted within one window: number of its newest part since 1970, sum of all, and each part by number modulo 62';

create table ops.rate_limit_tracking (
  subject         text not null,
  user_id         uuid,
  requests_minute ops.rate_window,
  requests_hour   ops.rate_window,
  requests_day    ops.rate_window,
  tokens_day      ops.rate_window,
  last_used_on    date not null default current_date,
  constraint rate_limit_tracking_pkey primary key (subject),
  constraint rate_limit_tracking_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint rate_limit_tracking_subject_check check (subject ~ '^(user|key|address|route):')
) with (fillfactor = 50);

comment on table ops.rate_limit_tracking is
  'What was used within the last minute, hour and day; gone a day after the last use';
comment on column ops.rate_limit_tracking.subject is
  'user:<id>, key:<id>, address:<address or IPv6 /64>, or route:<one of these>:<route>';
comment on column ops.rate_limit_tracking.user_id is 'The user it is about; NULL: an address';
comment on column ops.rate_limit_tracking.requests_minute is 'Requests within a minute, in parts of a second';
comment on column ops.rate_limit_tracking.requests_hour is 'Requests within an hour, in parts of a minute';
comment on column ops.rate_limit_tracking.requests_day is 'Requests within a day, in parts of 24 minutes';
comment on column ops.rate_limit_tracking.tokens_day is 'Tokens of models within a day, in parts of 24 minutes';
comment on column ops.rate_limit_tracking.last_used_on is
  'Day of the last use: a day and not a moment, so that an index on it is written once a day';

create index rate_limit_tracking_user_id_idx on ops.rate_limit_tracking (user_id, subject);
comment on index ops.rate_limit_tracking_user_id_idx is 'For the foreign key, and the quotas and the export of a user';
create index rate_limit_tracking_last_used_on_idx on ops.rate_limit_tracking (last_used_on);
comment on index ops.rate_limit_tracking_last_used_on_idx is 'For core.cleanup_rate_limits';

------------------------------------------------------------------------------------------------------------------
-- Row policies. The layer asks before there is a caller, by token or address; a user sees what is his.
------------------------------------------------------------------------------------------------------------------

do $$
declare
  v_table text;
begin
  foreach v_table in array array['user_quotas', 'rate_limit_tracking'] loop
    execute format('alter table ops.%I enable row level security', v_table);
    execute format('alter table ops.%I force row level security', v_table);
    execute format('create policy own_rows on ops.%I to plinth_owner using (user_id = (select base.current_user_id()))',
                   v_table);
    execute format('create policy operator_read on ops.%I for select to plinth_operator using (true)', v_table);
    execute format('create policy system_read on ops.%I for select to plinth_system using (true)', v_table);
    execute format('create policy system_insert on ops.%I for insert to plinth_system with check (true)', v_table);
    execute format('create policy system_update on ops.%I for update to plinth_system using (true)', v_table);
    execute format('create policy system_delete on ops.%I for delete to plinth_system using (true)', v_table);
    execute format('grant select, insert, update, delete on ops.%I to plinth_system', v_table);
    execute format('grant select on ops.%I to plinth_operator', v_table);
  end loop;
end $$;

grant select on ops.tier_limits, ops.route_limits to plinth_system, plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'tier_limits',         'reference', 'the same factors everywhere'),
  ('ops', 'route_limits',        'reference', 'the same limits everywhere'),
  ('ops', 'user_quotas',         'by-user',   'limits are where the user is'),
  ('ops', 'rate_limit_tracking', 'local',     'each machine counts what it is asked; a user asks the one he is on');

-- Addresses stand there as they are, and not as digests: who floods has to be found. They are gone after a day.
insert into base.table_privacy (schema_name, table_name, hidden, neutral) values
  ('ops', 'user_quotas',         '{}', '{}'),
  ('ops', 'rate_limit_tracking', '{requests_minute,requests_hour,requests_day,tokens_day}', '{subject}');

-- db/schema/155_idempotency.sql

-- ops: calls that happen once. What a call with an Idempotency-Key answered is kept in the transaction of its effect,
-- so that there is never one without the other, and the same call sent again gets the same answer.

create table ops.idempotency_keys (
  user_id          uuid not null,
  function_name    text not null,
  key              text not null,
  status           integer not null,
  answer_encrypted bytea not null,
  tags             text[] not null,
  created_at       timestamptz not null default now(),
  expires_at       timestamptz not null,
  constraint idempotency_keys_pkey primary key (user_id, function_name, key),
  constraint idempotency_keys_key_check check (key ~ '^[ -~]{8,255}$'),
  constraint idempotency_keys_status_check check (status between 200 and 299),
  constraint idempotency_keys_expires_at_check check (expires_at > created_at)
);

comment on table ops.idempotency_keys is
  'Calls that brought a key under which they happen once, and what they answered';
comment on column ops.idempotency_keys.user_id is
  'Who called; of a caller nobody knows, a keyed digest of the address in the form of an id';
comment on column ops.idempotency_keys.function_name is 'What was called, by whichever door';
comment on column ops.idempotency_keys.key is 'The key, as the caller chose it';
comment on column ops.idempotency_keys.status is 'Status of the answer';
comment on column ops.idempotency_keys.answer_encrypted is
  'SHA-256 of the arguments in hex, then the body, by core.encrypt_secret: either may hold a password or a token';
comment on column ops.idempotency_keys.tags is
  'The cache tags the call touched; they are bumped again with each replay';
comment on column ops.idempotency_keys.created_at is 'When the call happened';
comment on column ops.idempotency_keys.expires_at is 'From when on the key is as if it had never been used';

create index idempotency_keys_expires_at_idx on ops.idempotency_keys (expires_at);
comment on index ops.idempotency_keys_expires_at_idx is 'For core.cleanup_idempotency_keys';
create index idempotency_keys_secret_key_idx on ops.idempotency_keys (substr(answer_encrypted, 2, 4));
comment on index ops.idempotency_keys_secret_key_idx is
  'For core.reencrypt_secrets: which main key they were encrypted with';

alter table ops.idempotency_keys enable row level security;
alter table ops.idempotency_keys force row level security;
create policy own_rows on ops.idempotency_keys to plinth_owner using (user_id = (select base.current_user_id()));
create policy operator_read on ops.idempotency_keys for select to plinth_operator using (true);
-- Also before there is a caller.
create policy system_read on ops.idempotency_keys for select to plinth_system using (true);
create policy system_insert on ops.idempotency_keys for insert to plinth_system with check (true);
create policy system_update on ops.idempotency_keys for update to plinth_system using (true);
create policy system_delete on ops.idempotency_keys for delete to plinth_system using (true);
grant select, insert, update, delete on ops.idempotency_keys to plinth_system;
grant select on ops.idempotency_keys to plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'idempotency_keys', 'by-user', 'beside what the call wrote');
insert into base.table_privacy (schema_name, table_name, personal, hidden, neutral) values
  ('ops', 'idempotency_keys', '{key}', '{answer_encrypted,tags}', '{function_name}');

-- db/schema/160_usage.sql

-- ops and analytics: what is used. One row per call, and rollups that are folded in the same transaction: whatever is
-- late, out of order or sent twice, they equal a recount, and no job can lag behind.
--
-- Whoever is not known has the user id of all zeros, so that each row has its place under its user.

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('usage.keep_days',        '90',  'integer', 36, 3650, 'Days single calls are kept; events may come 35 days late'),
  ('usage.keep_metric_days', '400', 'integer', 36, 3650, 'Days the rollups by the hour are kept; those by the day stay');

-- No constraint but the key and no index but its: every call of every route pays for them.
create table ops.api_usage (
  user_id     uuid not null default '00000000-0000-0000-0000-000000000000',
  id          uuid not null default base.new_id(),
  at          timestamptz not null,
  api_key_id  uuid,
  method      text not null,
  route       text not null,
  status      smallint,
  duration_us integer,
  request_id  text,
  cache       text,
  model       text not null default '',
  tokens_in   bigint,
  tokens_out  bigint,
  cost        numeric,
  constraint api_usage_pkey primary key (user_id, id)
) partition by range (id);

comment on table ops.api_usage is
  'One row per call of a route, and one per use of a model that an application reported';
comment on column ops.api_usage.user_id is 'Who called; all zeros: nobody known';
comment on column ops.api_usage.id is 'Ordered by the time of the call, also where it came late';
comment on column ops.api_usage.at is 'When the call was answered, or the model used';
comment on column ops.api_usage.api_key_id is 'The API key it was called by; NULL: a session, or not known';
comment on column ops.api_usage.method is 'HTTP method; (none): no route was found';
comment on column ops.api_usage.route is 'Path of the route; (none): none was found';
comment on column ops.api_usage.status is 'HTTP status; NULL: the use of a model';
comment on column ops.api_usage.duration_us is
  'Microseconds from the head of the request to its answer; NULL: the use of a model';
comment on column ops.api_usage.request_id is 'X-Request-Id of the call';
comment on column ops.api_usage.cache is 'hit, miss or bypass; NULL: a route whose answers are not kept';
comment on column ops.api_usage.model is 'The model that was used; empty: a call';
comment on column ops.api_usage.tokens_in is 'Tokens sent to the model';
comment on column ops.api_usage.tokens_out is 'Tokens the model answered with';
comment on column ops.api_usage.cost is 'What its provider charges, in the currency of the installation';

-- A unique index over partitions would have to hold the time as well; the same event may come with another one.
create table ops.usage_events (
  user_id  uuid not null,
  event_id text not null,
  usage_id uuid not null,
  metadata jsonb not null default '{}',
  constraint usage_events_pkey primary key (user_id, event_id),
  constraint usage_events_event_id_check check (length(event_id) between 1 and 200 and event_id !~ '[[:cntrl:]]'),
  constraint usage_events_metadata_check check (jsonb_typeof(metadata) = 'object' and length(metadata::text) <= 4000)
);

comment on table ops.usage_events is 'The reports of applications, each counted once however often it comes';
comment on column ops.usage_events.user_id is 'Who reported';
comment on column ops.usage_events.event_id is 'The application''s name for it';
comment on column ops.usage_events.usage_id is 'Its row in ops.api_usage';
comment on column ops.usage_events.metadata is 'What the application wants to remember of it';

create index usage_events_usage_id_idx on ops.usage_events (usage_id);
comment on index ops.usage_events_usage_id_idx is 'For removing them with their rows';

create table ops.usage_batches (
  first_call uuid not null,
  constraint usage_batches_pkey primary key (first_call)
);

comment on table ops.usage_batches is 'What workers told lately, so that a batch that is sent again counts once';
comment on column ops.usage_batches.first_call is 'The id of its first call';

-- Room in each page, so that counting on touches no index.
create table analytics.api_metrics (
  user_id      uuid not null,
  hour         timestamptz not null,
  route        text not null,
  method       text not null,
  status_class smallint not null,
  model        text not null,
  calls        bigint not null,
  tokens_in    bigint not null,
  tokens_out   bigint not null,
  cost         numeric not null,
  duration_us  bigint not null,
  slowest_us   integer not null,
  durations    bigint[] not null,
  constraint api_metrics_pkey primary key (user_id, hour, route, method, status_class, model)
) with (fillfactor = 70);

comment on table analytics.api_metrics is
  'Usage by user, hour, route, class of status, and model; folded with the rows it counts';
comment on column analytics.api_metrics.user_id is 'Who called; all zeros: nobody known';
comment on column analytics.api_metrics.hour is 'Begin of the hour';
comment on column analytics.api_metrics.route is 'Path of the route';
comment on column analytics.api_metrics.method is 'HTTP method';
comment on column analytics.api_metrics.status_class is 'First digit of the status; 0: uses of a model';
comment on column analytics.api_metrics.model is 'The model; empty: calls';
comment on column analytics.api_metrics.calls is 'How many calls, or uses of the model';
comment on column analytics.api_metrics.tokens_in is 'Tokens sent to the model';
comment on column analytics.api_metrics.tokens_out is 'Tokens the model answered with';
comment on column analytics.api_metrics.cost is 'What its provider charges';
comment on column analytics.api_metrics.duration_us is 'Microseconds of all calls together';
comment on column analytics.api_metrics.slowest_us is 'Microseconds of the slowest call';
comment on column analytics.api_metrics.durations is
  'How many calls took how long; analytics.duration_bounds() has the bounds';

create index api_metrics_hour_idx on analytics.api_metrics (hour);
comment on index analytics.api_metrics_hour_idx is 'For everybody''s usage in some hours, and for removing old ones';

create table analytics.daily_stats (
  day          date not null,
  calls        bigint not null,
  errors       bigint not null,
  failures     bigint not null,
  model_uses   bigint not null,
  tokens_in    bigint not null,
  tokens_out   bigint not null,
  cost         numeric not null,
  duration_us  bigint not null,
  active_users bigint not null,
  constraint daily_stats_pkey primary key (day)
) with (fillfactor = 50);

comment on table analytics.daily_stats is 'Usage of everybody by day (UTC)';
comment on column analytics.daily_stats.day is 'The day';
comment on column analytics.daily_stats.calls is 'Calls';
comment on column analytics.daily_stats.errors is 'Of those, answered with a status of 400 or more';
comment on column analytics.daily_stats.failures is 'Of those, answered with a status of 500 or more';
comment on column analytics.daily_stats.model_uses is 'Uses of models that applications reported';
comment on column analytics.daily_stats.tokens_in is 'Tokens sent to models';
comment on column analytics.daily_stats.tokens_out is 'Tokens models answered with';
comment on column analytics.daily_stats.cost is 'What providers charge';
comment on column analytics.daily_stats.duration_us is 'Microseconds of all calls together';
comment on column analytics.daily_stats.active_users is 'How many users called, or reported the use of a model';

create table analytics.daily_users (
  user_id uuid not null,
  day     date not null,
  constraint daily_users_pkey primary key (user_id, day)
);

comment on table analytics.daily_users is
  'Who was active on which day, so that nobody counts twice in analytics.daily_stats';
comment on column analytics.daily_users.user_id is 'The user';
comment on column analytics.daily_users.day is 'The day (UTC)';

create index daily_users_day_idx on analytics.daily_users (day);
comment on index analytics.daily_users_day_idx is 'For removing old ones';

-- As /metrics has them, so that both tell the same story.
create function analytics.duration_bounds()
returns integer[]
language sql
immutable
parallel safe
as $$
  select '{1000,2500,5000,10000,25000,50000,100000,250000,500000,1000000,2500000,5000000,10000000}'::integer[]
$$;

comment on function analytics.duration_bounds() is
  'Upper bounds, in microseconds, of the slots of a histogram of durations; one more slot is for what is slower';
grant execute on function analytics.duration_bounds() to plinth_system;

do $$
declare
  v_table text;
begin
  foreach v_table in array array['ops.api_usage', 'ops.usage_events', 'analytics.api_metrics', 'analytics.daily_users'] loop
    execute format('alter table %s enable row level security', v_table);
    execute format('alter table %s force row level security', v_table);
    execute format('create policy operator_read on %s for select to plinth_operator using (true)', v_table);
  end loop;
end $$;

grant select on ops.api_usage, ops.usage_events, ops.usage_batches, analytics.api_metrics, analytics.daily_stats,
                analytics.daily_users to plinth_operator;

-- Whoever calls reads what is his own; what is counted is written for everybody at once.
create policy own_rows on ops.api_usage for select to plinth_owner using (user_id = (select base.current_user_id()));
create policy own_update on ops.api_usage for update to plinth_owner using (user_id = (select base.current_user_id()));
create policy own_rows on ops.usage_events to plinth_owner using (user_id = (select base.current_user_id()));
create policy own_rows on analytics.api_metrics to plinth_owner using (user_id = (select base.current_user_id()));
create policy own_rows on analytics.daily_users for select to plinth_owner using (user_id = (select base.current_user_id()));

create policy system_read on ops.api_usage for select to plinth_system using (true);
create policy system_insert on ops.api_usage for insert to plinth_system with check (true);
create policy system_delete on ops.api_usage for delete to plinth_system using (true);
create policy system_read on ops.usage_events for select to plinth_system using (true);
create policy system_delete on ops.usage_events for delete to plinth_system using (true);
create policy system_read on analytics.api_metrics for select to plinth_system using (true);
create policy system_insert on analytics.api_metrics for insert to plinth_system with check (true);
create policy system_update on analytics.api_metrics for update to plinth_system using (true);
create policy system_delete on analytics.api_metrics for delete to plinth_system using (true);
create policy system_read on analytics.daily_users for select to plinth_system using (true);
create policy system_insert on analytics.daily_users for insert to plinth_system with check (true);
create policy system_delete on analytics.daily_users for delete to plinth_system using (true);
grant select, insert, delete on ops.api_usage, analytics.daily_users to plinth_system;
grant select, delete on ops.usage_events to plinth_system;
grant select, insert, delete on ops.usage_batches to plinth_system;
grant select, insert, update, delete on analytics.api_metrics to plinth_system;
grant select, insert, update on analytics.daily_stats to plinth_system;

insert into ops.partitioned_tables (name, step, ahead, behind, keep_setting)
values ('ops.api_usage', 'day', 7, 35, 'usage.keep_days');
select ops.make_partition('ops.api_usage', 'api_usage_default', null, null);
select ops.make_partitions();

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops',       'api_usage',    'by-user', 'what a user used'),
  ('ops',       'usage_events', 'by-user', 'what a user''s application reported'),
  ('ops',       'usage_batches', 'local',  'what workers of this machine told'),
  ('analytics', 'api_metrics',  'by-user', 'what a user used, by the hour'),
  ('analytics', 'daily_users',  'by-user', 'on which days a user was active'),
  ('analytics', 'daily_stats',  'local',   'what was used on this machine; over several, their sum');

-- Of an erased account the rows stay under its id, which leads to nobody any more; so the rollups equal a recount
-- afterwards, too. What the application chose goes: names of requests, of models, and what it said about a use of its
-- own. In the rollups, whose key holds the model, rows become one: core.forget_models.
insert into base.table_privacy (schema_name, table_name, on_erase, personal, hidden, neutral, erased) values
  ('ops',       'api_usage',    'anonymise', '{request_id,model}', '{}', '{method,route,cache}', '{"model": "erased"}'),
  ('ops',       'usage_events', 'delete', '{event_id,metadata}', '{}', '{}', '{}'),
  ('analytics', 'api_metrics',  'anonymise', '{model}', '{}', '{route,method,durations}', '{"model": "erased"}'),
  ('analytics', 'daily_users',  'keep',   '{}', '{}', '{}', '{}');

-- db/schema/165_flags.sql

-- ops: feature flags. What is switched on for whom, since when and why. One row is one flag, whole: its rules, variants
-- and prerequisites are columns of it, so that a version is one row, and undoing a change is writing that row again.

------------------------------------------------------------------------------------------------------------------
-- Flags.
------------------------------------------------------------------------------------------------------------------

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('flags.limit', '200', 'integer', 1, 10000, 'Feature flags that are not archived');

create table ops.flags (
  key           text not null,
  description   text not null default '',
  enabled       boolean not null default false,
  percentage    numeric not null default 100,
  rules         jsonb not null default '[]',
  variants      jsonb not null default '[]',
  slots         jsonb not null default '{}',
  off_value     jsonb not null default 'false',
  prerequisites text[] not null default '{}',
  starts_at     timestamptz,
  ends_at       timestamptz,
  salt          text not null,
  archived_at   timestamptz,
  created_at    timestamptz not null default clock_timestamp(),
  updated_at    timestamptz not null default clock_timestamp(),
  version       integer not null default 1,
  constraint flags_pkey primary key (key),
  constraint flags_key_check check (key ~ '^[a-z][a-z0-9_.-]{0,99}$'),
  constraint flags_description_check check (length(description) <= 1000),
  constraint flags_percentage_check check (percentage between 0 and 100 and percentage = round(percentage, 2)),
  constraint flags_rules_check check (jsonb_typeof(rules) = 'array'),
  constraint flags_variants_check check (jsonb_typeof(variants) = 'array'),
  constraint flags_slots_check check (jsonb_typeof(slots) = 'object'),
  constraint flags_ends_at_check check (ends_at > starts_at),
  constraint flags_salt_check check (length(salt) between 1 and 100)
);

comment on table ops.flags is 'Feature flags: what is switched on, and for whom';
comment on column ops.flags.key is 'Name in the code; never changes';
comment on column ops.flags.description is 'What it switches';
comment on column ops.flags.enabled is 'The main switch: off is off for everybody';
comment on column ops.flags.percentage is 'Share of the users whom no rule decides about, in percent with two decimals';
comment on column ops.flags.rules is
  'Array in order, the first rule whose conditions all hold decides: users (ids), roles (one of them), tiers (one of them), '
  'percentage; and what then: enabled (default true), variant; description';
comment on column ops.flags.variants is 'Array of {"name", "weight", "value"}: who has the flag gets one of them';
comment on column ops.flags.slots is
  'Which of 10,000 slots each variant has; kept by a trigger, which moves as few as it can when weights change';
comment on column ops.flags.off_value is 'The value for whoever does not have it';
comment on column ops.flags.prerequisites is 'Flags a user must have before this one counts; no circles';
comment on column ops.flags.starts_at is 'Off before; NULL: no beginning';
comment on column ops.flags.ends_at is 'Off from then on; NULL: no end';
comment on column ops.flags.salt is
  'Hashed with the user id: another salt draws other users; the key, unless something else was asked for';
comment on column ops.flags.archived_at is 'When it was put away; then it is like none';
comment on column ops.flags.created_at is 'When it was made';
comment on column ops.flags.updated_at is 'When it last changed';
comment on column ops.flags.version is 'Grows with every change; names a row of ops.flag_history';

create table ops.flag_history (
  key         text not null,
  version     integer not null,
  valid_from  timestamptz not null,
  changed_by  uuid,
  acting_role text not null default session_user,
  reason      text,
  restores    integer,
  definition  jsonb not null,
  constraint flag_history_pkey primary key (key, version),
  constraint flag_history_key_fkey foreign key (key) references ops.flags (key) on delete restrict,
  constraint flag_history_reason_check check (length(reason) between 1 and 500)
);

comment on table ops.flag_history is
  'Every version of every flag, whole; the one before it has the version before. Append-only, whoever asks';
comment on column ops.flag_history.key is 'The flag';
comment on column ops.flag_history.version is 'Its version from then on, without gaps';
comment on column ops.flag_history.valid_from is 'Since when it held, to the length of the transaction that wrote it';
comment on column ops.flag_history.changed_by is 'The user who changed it; NULL: an operator, see acting_role';
comment on column ops.flag_history.acting_role is 'The database login';
comment on column ops.flag_history.reason is 'Why, in the words of whoever changed it';
comment on column ops.flag_history.restores is 'The version that this one brought back, where the change was an undo';
comment on column ops.flag_history.definition is 'The row of ops.flags as it was from then on';

create index flag_history_valid_from_idx on ops.flag_history (valid_from);
comment on index ops.flag_history_valid_from_idx is 'For what was changed lately';

------------------------------------------------------------------------------------------------------------------
-- What a flag may be. Whoever writes, the layer or psql, is refused the same in the same words.
------------------------------------------------------------------------------------------------------------------

create function ops.flag_faults(p_flag ops.flags)
returns table (field text, message text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with rule as (
    select r.item, format('rules[%s]', r.n - 1) as name
      from jsonb_path_query(p_flag.rules, '$[*]') with ordinality as r (item, n)
  ), variant as (
    select v.item, format('variants[%s]', v.n - 1) as name, v.item ->> 'name' as says
      from jsonb_path_query(p_flag.variants, '$[*]') with ordinality as v (item, n)
  ), part as (
    select r.name || '.' || p.key as name, p.key, p.value from rule r
     cross join lateral jsonb_each(case when jsonb_typeof(r.item) = 'object' then r.item else '{}' end) p
  ), item as (
    select p.name, p.key, i.value #>> '{}' as word, jsonb_typeof(i.value) as type from part p
     cross join lateral jsonb_path_query(p.value, '$[*]') as i (value)
     where p.key in ('users', 'roles', 'tiers')
  )
  select 'key', 'key must have 1 to 100 characters: lower-case letters, and after the first also digits, _, . and -'
   where p_flag.key !~ '^[a-z][a-z0-9_.-]{0,99}$'
  union all
  select 'description', 'description must have at most 1,000 characters' where length(p_flag.description) > 1000
  union all
  select 'percentage', 'percentage must be from 0 to 100, with two decimals at most'
   where not (p_flag.percentage between 0 and 100 and p_flag.percentage = round(p_flag.percentage, 2))
  union all
  select 'salt', 'salt must have 1 to 100 characters' where length(p_flag.salt) not between 1 and 100
  union all
  select 'off_value', 'off_value must have at most 8,192 bytes' where octet_length(p_flag.off_value::text) > 8192
  union all
  select 'starts_at', 'starts_at must be a moment' where not isfinite(p_flag.starts_at)
  union all
  select 'ends_at', 'ends_at must be a moment after starts_at'
   where not isfinite(p_flag.ends_at) or p_flag.ends_at <= p_flag.starts_at
  union all
  select 'prerequisites', 'prerequisites must be at most 20 different flags'
   where cardinality(p_flag.prerequisites) > 20 or array_position(p_flag.prerequisites, null) is not null
      or cardinality(p_flag.prerequisites) <> (select count(distinct p) from unnest(p_flag.prerequisites) as p)
  union all
  select 'rules', 'rules must be an array of at most 50 objects and 131,072 bytes'
   where jsonb_typeof(p_flag.rules) <> 'array' or jsonb_array_length(p_flag.rules) > 50
      or octet_length(p_flag.rules::text) > 131072
  union all
  select r.name, 'A rule must be an object' from rule r where jsonb_typeof(r.item) <> 'object'
  union all
  select p.name, 'A rule has users, roles, tiers, percentage, enabled, variant and description, and nothing else' from part p
   where p.key not in ('users', 'roles', 'tiers', 'percentage', 'enabled', 'variant', 'description')
  union all
  select p.name, format('%s must be an array of 1 to 1,000 texts', p.key) from part p
   where p.key in ('users', 'roles', 'tiers')
     and not case jsonb_typeof(p.value) when 'array' then jsonb_array_length(p.value) between 1 and 1000 else false end
  union all
  select p.name, 'percentage must be from 0 to 100, with two decimals at most' from part p
   where p.key = 'percentage'
     and not case jsonb_typeof(p.value) when 'number' then p.value::numeric between 0 and 100
                                                       and p.value::numeric = round(p.value::numeric, 2) else false end
  union all
  select p.name, 'enabled must be true or false' from part p where p.key = 'enabled' and jsonb_typeof(p.value) <> 'boolean'
  union all
  select p.name, 'variant must be the name of a variant' from part p
   where p.key = 'variant' and not exists (select from variant v where to_jsonb(v.says) = p.value)
  union all
  select p.name, 'description must be a text of at most 500 characters' from part p
   where p.key = 'description' and (jsonb_typeof(p.value) <> 'string' or length(p.value #>> '{}') > 500)
  union all
  select i.name, 'users must be ids, in lower case' from item i
   where i.key = 'users' and (i.type <> 'string' or i.word !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
  union all
  select i.name, format('There is no role %s', left(i.word, 100)) from item i
   where i.key = 'roles' and not exists (select from auth.roles r where r.name = i.word and i.type = 'string')
  union all
  select i.name, format('There is no tier %s', left(i.word, 100)) from item i
   where i.key = 'tiers' and not exists (select from auth.tiers t where t.name = i.word and i.type = 'string')
  union all
  select 'variants', 'variants must be an array of at most 20 objects' where jsonb_typeof(p_flag.variants) <> 'array'
      or jsonb_array_length(p_flag.variants) > 20
  union all
  select v.name, 'A variant must be an object with name, weight and value, and nothing else' from variant v
   where jsonb_typeof(v.item) <> 'object' or not v.item ?& '{name,weight}' or v.item - '{name,weight,value}'::text[] <> '{}'
  union all
  select v.name || '.name', 'A variant''s name must have 1 to 50 characters: letters, digits, _ and -' from variant v
   where jsonb_typeof(v.item -> 'name') <> 'string' or v.says !~ '^[A-Za-z0-9_-]{1,50}$'
  union all
  select max(v.name) || '.name', format('There are several variants named %s', left(v.says, 50))
    from variant v group by v.says having count(*) > 1
  union all
  select v.name || '.weight', 'weight must be a number from 0 to 10,000' from variant v
   where not case jsonb_typeof(v.item -> 'weight') when 'number' then (v.item ->> 'weight')::numeric between 0 and 10000
                                                   else false end
  union all
  select v.name || '.value', 'value must have at most 8,192 bytes' from variant v
   where octet_length((v.item -> 'value')::text) > 8192
  union all
  select 'variants', 'One of the variants must have a weight'
    from variant v having bool_and(v.item @> '{"weight": 0}')
$$;

comment on function ops.flag_faults(ops.flags) is 'What is wrong with a flag, field by field; no row: nothing';
grant execute on function ops.flag_faults(ops.flags) to plinth_system;

-- A user draws one of 10,000 slots, and variants own slots. No function of the weights alone moves as few users as a
-- change of weights asks for (with three or more variants, up to twice as many would move), so who owns which slot is
-- kept: a variant that shrinks gives its last slots away, one that grows takes what is free, the others keep theirs.
create function ops.flag_slots(p_variants jsonb, p_slots jsonb)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  with variant as (
    select v.item ->> 'name' as name, v.n,
           10000 * (v.item ->> 'weight')::numeric / sum((v.item ->> 'weight')::numeric) over () as share
      from jsonb_array_elements(p_variants) with ordinality as v (item, n)
  ), sized as (
    -- What rounding leaves goes to those who lost most by it.
    select v.name, v.n,
           floor(v.share) + (row_number() over (order by v.share - floor(v.share) desc, v.n)
                             <= 10000 - sum(floor(v.share)) over ())::integer as size
      from variant v
  ), had as (
    select z.name, z.size, s.slot, row_number() over (partition by z.name order by s.slot) as place
      from sized z
     cross join lateral unnest((p_slots ->> z.name)::int4multirange) as r (slots)
     cross join lateral generate_series(lower(r.slots), upper(r.slots) - 1) as s (slot)
  ), kept as (
    select h.name, h.slot from had h where h.place <= h.size
  ), wanted as (
    select z.name, sum(z.size - k.count) over (order by z.n) - (z.size - k.count) as beyond,
           sum(z.size - k.count) over (order by z.n) as upto
      from sized z
     cross join lateral (select count(*) from kept k where k.name = z.name) k
  ), free as (
    select s.slot, row_number() over (order by s.slot) as place
      from (select generate_series(0, 9999) except select k.slot from kept k) as s (slot)
  ), owned as (
    select k.name, k.slot from kept k
    union all
    select w.name, f.slot from free f join wanted w on f.place > w.beyond and f.place <= w.upto
  )
  select coalesce(jsonb_object_agg(o.name, o.slots), '{}')
    from (select o.name, range_agg(int4range(o.slot, o.slot + 1))::text as slots from owned o group by o.name) o
$$;

comment on function ops.flag_slots(jsonb, jsonb) is
  'Which slots each variant has now, given which it had: as few change hands as the weights ask for';
grant execute on function ops.flag_slots(jsonb, jsonb) to plinth_system;

-- Flags hang together: there are only so many, and their prerequisites form no circle. Whoever adds one, or changes
-- what one hangs on, meets the others on the setting's row. It is written, and not merely locked, so that a transaction
-- that looks at an older state (repeatable read) fails instead of deciding by what it sees.
create function ops.tg_flags__check()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_fault record;
  v_other text;
begin
  new.salt := coalesce(new.salt, new.key);
  select f.* into v_fault from ops.flag_faults(new) f limit 1;
  if found then
    perform base.raise('VL001', v_fault.message, v_fault.field);
  end if;
  if (new.variants, new.slots) is distinct from (old.variants, old.slots) then
    new.slots := ops.flag_slots(new.variants, new.slots);
  end if;

  if tg_op = 'UPDATE' then
    if new.key <> old.key then
      perform base.raise('VL001', 'The key of a flag never changes: make another', 'key');
    end if;
    if new.prerequisites = old.prerequisites and (new.archived_at is null) = (old.archived_at is null) then
      return new;
    end if;
  end if;
  update base.settings s set value = s.value where s.name = 'flags.limit';

  if new.archived_at is not null then
    select f.key into v_other from ops.flags f where f.archived_at is null and new.key = any (f.prerequisites) limit 1;
    if found then
      perform base.raise('KC007', format('The flag %s needs it', v_other), 'key');
    end if;
    return new;
  end if;

  if (select count(*) from ops.flags f where f.archived_at is null and f.key <> new.key)
     >= base.setting('flags.limit')::integer
     and not exists (select from ops.flags f where f.key = new.key and f.archived_at is null)
  then
    perform base.raise('KC008', format('There are %s flags already; archive one', base.setting('flags.limit')));
  end if;

  select p.key into v_other from unnest(new.prerequisites) as p (key)
   where p.key <> new.key and not exists (select from ops.flags f where f.key = p.key and f.archived_at is null) limit 1;
  if found then
    perform base.raise('VL001', format('There is no flag %s', left(v_other, 100)), 'prerequisites');
  end if;
  with recursive needed (through, key) as (
    select p.key, p.key from unnest(new.prerequisites) as p (key)
    union
    select n.through, p.key
      from needed n
      join ops.flags f on f.key = n.key and f.key <> new.key
     cross join lateral unnest(f.prerequisites) as p (key)
  )
  select n.through into v_other from needed n where n.key = new.key limit 1;
  if found then
    perform base.raise('VL001', format('prerequisites form a circle: %s needs %s', v_other, new.key), 'prerequisites');
  end if;
  return new;
end
$$;

comment on function ops.tg_flags__check() is
  'Refuses a flag that breaks a rule, one too many, one whose prerequisites form a circle; deals out slots';

-- Who and when are known here; why, and what an undo brings back, come in a setting that counts for one change.
create function ops.tg_flags__record()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_change jsonb := nullif(current_setting('plinth.change', true), '')::jsonb;
begin
  perform set_config('plinth.change', '', true);
  if tg_op = 'UPDATE' and new.version = old.version then
    return null;
  end if;
  insert into ops.flag_history (key, version, valid_from, changed_by, reason, restores, definition)
  values (new.key, new.version, new.updated_at, base.current_user_id(), nullif(btrim(v_change ->> 'reason'), ''),
          (v_change ->> 'restores')::integer, to_jsonb(new));
  return null;
end
$$;

comment on function ops.tg_flags__record() is 'Writes every version into the history, whoever made it';

create trigger _100_check before insert or update on ops.flags
  for each row execute function ops.tg_flags__check();
create trigger _200_touch before update on ops.flags
  for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _700_record after insert or update on ops.flags
  for each row execute function ops.tg_flags__record();
create trigger _800_audit after insert or update on ops.flags
  for each row execute function ops.tg__audit('key', 'user_id');
create trigger _900_touch_tag after insert or update on ops.flags
  for each row execute function base.tg__touch_tag('flags');
create trigger _100_append_only before update or delete on ops.flag_history
  for each row execute function base.tg__append_only();
create trigger _110_append_only before truncate on ops.flag_history
  for each statement execute function base.tg__append_only();

grant select on ops.flags, ops.flag_history to plinth_system, plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'flags',        'reference', 'the same flags everywhere'),
  ('ops', 'flag_history', 'reference', 'beside its flag');

-- db/schema/170_chat.sql

-- chat: conversations and their messages.
--
-- A message belongs to its user and its conversation; the database itself refuses one in another user's conversation.
-- The numbers of a conversation are kept by triggers, whoever writes.

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('chat.edit_limit',  '100',     'integer', 1,    10000, 'Former texts that are kept of one message'),
  ('chat.grace_days',  '30',      'integer', 0,    365,   'Days a deleted conversation can be restored; then it is erased'),
  ('chat.pin_limit',   '50',      'integer', 1,    1000,  'Pinned messages of one conversation: all are in its context window'),
  ('chat.window_bytes', '8388608', 'integer', 1048576, 67108864, 'Bytes of texts and calls in a context window'),
  ('chat.language',    'english', 'text',    null, null,  'Text search configuration of new conversations; see pg_ts_config');

create table chat.conversations (
  user_id            uuid not null,
  id                 uuid not null default base.new_id(),
  client_id          text,
  client_fingerprint bytea,
  title              text,
  status             text not null default 'active',
  model              text,
  language           text not null default base.setting('chat.language'),
  context            jsonb not null default '{}',
  metadata           jsonb not null default '{}',
  summary            text,
  summary_until      uuid,
  message_count      bigint not null default 0,
  prompt_tokens      bigint not null default 0,
  completion_tokens  bigint not null default 0,
  first_message_id   uuid,
  last_message_id    uuid,
  last_message_at    timestamptz,
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  deleted_at         timestamptz,
  erase_after        timestamptz,
  active_at          timestamptz not null generated always as (greatest(updated_at, last_message_at)) stored,
  active_hour        timestamptz not null generated always as (date_bin('1 hour', greatest(updated_at, last_message_at),
                                                                 timestamptz '2000-01-01 00:00:00+00')) stored,
  version            integer not null default 1,
  constraint conversations_pkey primary key (user_id, id),
  constraint conversations_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint conversations_client_id_check check (length(client_id) between 1 and 200 and client_id !~ '[[:cntrl:]]'),
  constraint conversations_client_fingerprint_check check ((client_id is null) = (client_fingerprint is null)),
  constraint conversations_title_check check (length(title) between 1 and 500),
  constraint conversations_status_check check (status in ('active', 'archived', 'deleted')),
  constraint conversations_model_check check (length(model) between 1 and 200),
  constraint conversations_context_check check (jsonb_typeof(context) = 'object' and octet_length(context::text) <= 65536),
  constraint conversations_metadata_check check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384),
  constraint conversations_summary_check check (length(summary) between 1 and 100000),
  constraint conversations_summary_until_check check ((summary is null) = (summary_until is null)),
  constraint conversations_message_count_check check (message_count >= 0),
  constraint conversations_prompt_tokens_check check (prompt_tokens >= 0),
  constraint conversations_completion_tokens_check check (completion_tokens >= 0),
  constraint conversations_deleted_at_check check ((status = 'deleted') = (deleted_at is not null)),
  constraint conversations_erase_after_check check ((status = 'deleted') = (erase_after is not null))
) with (fillfactor = 70);

comment on table chat.conversations is 'Conversations of users with models';
comment on column chat.conversations.user_id is 'Whose it is';
comment on column chat.conversations.id is 'The conversation';
comment on column chat.conversations.client_id is 'The application''s own name for it, unique per user';
comment on column chat.conversations.client_fingerprint is
  'SHA-256 of what it was made from, so that the same call is known again';
comment on column chat.conversations.title is 'What it is called';
comment on column chat.conversations.status is 'active, archived, or deleted (can be restored until erase_after)';
comment on column chat.conversations.model is 'The model it is held with, unless a message says otherwise';
comment on column chat.conversations.language is 'Text search configuration its messages are searched with';
comment on column chat.conversations.context is 'What the application hands to the model with it';
comment on column chat.conversations.metadata is 'Whatever the application wants to keep with it';
comment on column chat.conversations.summary is 'Running summary of the messages up to summary_until';
comment on column chat.conversations.summary_until is 'The last message that the summary covers';
comment on column chat.conversations.message_count is 'How many messages it has';
comment on column chat.conversations.prompt_tokens is 'Sum over its messages';
comment on column chat.conversations.completion_tokens is 'Sum over its messages';
comment on column chat.conversations.first_message_id is
  'Its oldest message; no message of it is in a partition before that';
comment on column chat.conversations.last_message_id is 'Its newest message';
comment on column chat.conversations.last_message_at is 'When that one was written';
comment on column chat.conversations.created_at is 'When it was begun';
comment on column chat.conversations.updated_at is 'When something but its messages last changed';
comment on column chat.conversations.deleted_at is 'When it was deleted';
comment on column chat.conversations.erase_after is
  'Until when it can be restored; -infinity: it is erased, and a job removes what is left';
comment on column chat.conversations.active_at is 'Its last message or change';
comment on column chat.conversations.active_hour is
  'The hour of that. Lists are ordered by an index on it, so that most messages change no index entry';
comment on column chat.conversations.version is
  'Grows with every change of what its owner sets; for optimistic updates';

-- These are partial, because an index that begins with the user and holds every row would, where most users have few
-- conversations, seem as good as the key to find one of them; for a user with many it is not.
create unique index conversations_client_id_idx on chat.conversations (user_id, client_id) where client_id is not null;
comment on index chat.conversations_client_id_idx is 'Names of applications are unique per user';
create index conversations_active_idx on chat.conversations (user_id, active_hour) where status = 'active';
comment on index chat.conversations_active_idx is 'For get_user_conversations, by last activity';
create index conversations_archived_idx on chat.conversations (user_id, active_hour) where status = 'archived';
comment on index chat.conversations_archived_idx is 'For get_user_conversations of archived ones';
create index conversations_deleted_idx on chat.conversations (user_id, active_hour) where status = 'deleted';
comment on index chat.conversations_deleted_idx is 'For get_user_conversations of deleted ones';
create index conversations_erase_after_idx on chat.conversations (erase_after) where erase_after is not null;
comment on index chat.conversations_erase_after_idx is 'For core.erase_deleted_conversations';
-- By day and not by active_hour, or a user's own list might be read from it.
create index conversations_recent_idx
  on chat.conversations (date_bin('1 day', active_hour, timestamptz '2000-01-01 00:00:00+00')) where status <> 'deleted';
comment on index chat.conversations_recent_idx is 'For v_recent_conversations';
create index conversations_metadata_idx on chat.conversations using gin (user_id, metadata jsonb_path_ops);
comment on index chat.conversations_metadata_idx is 'For conversations whose metadata contain something';
create index conversations_context_idx on chat.conversations using gin (user_id, context jsonb_path_ops);
comment on index chat.conversations_context_idx is 'For conversations whose context contains something';
create index conversations_title_idx on chat.conversations using gin (user_id, lower(title) ext.gin_trgm_ops);
comment on index chat.conversations_title_idx is 'For conversations with some words in the title';

-- The date of the erasure is fixed when it is deleted, so that a setting changed later breaks no promise.
create function chat.tg_conversations__keep_dates()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  new.deleted_at := case when new.status = 'deleted' then coalesce(new.deleted_at, clock_timestamp()) end;
  new.erase_after := case when new.status = 'deleted' then coalesce(new.erase_after,
    new.deleted_at + make_interval(days => base.setting('chat.grace_days')::integer)) end;
  return new;
end
$$;

comment on function chat.tg_conversations__keep_dates() is
  'Sets and clears deleted_at and erase_after as the status says';

create trigger _050_keep_dates before insert or update of status on chat.conversations
  for each row execute function chat.tg_conversations__keep_dates();
create trigger _100_touch before update of title, status, model, language, context, metadata on chat.conversations
  for each row when ((old.title, old.status, old.model, old.language, old.context, old.metadata)
                     is distinct from (new.title, new.status, new.model, new.language, new.context, new.metadata))
  execute function base.tg__touch();
create trigger _800_audit
  after insert or delete or update of title, status, model, language, context, metadata on chat.conversations
  for each row execute function ops.tg__audit('id', 'user_id',
    '{client_id,title,model,context,metadata,summary}',
    '{client_fingerprint,message_count,prompt_tokens,completion_tokens,first_message_id,last_message_id,last_message_at,
      active_at,active_hour}');

------------------------------------------------------------------------------------------------------------------
-- Messages. The id is ours and ordered by time, so it is what they are partitioned by and listed by. A message without
-- a parent follows, in the main line, the one before it; one with a parent is on a branch. A parent is older than its
-- answers, so there is no circle, and whatever path leads to a message, it is in the order of ids.
------------------------------------------------------------------------------------------------------------------

create table chat.messages (
  user_id           uuid not null,
  id                uuid not null default base.new_id(),
  conversation_id   uuid not null,
  parent_id         uuid,
  client_id         text,
  role              text not null,
  content           text not null default '',
  tool_calls        jsonb,
  tool_call_id      text,
  model             text,
  prompt_tokens     integer,
  completion_tokens integer,
  metadata          jsonb not null default '{}',
  pinned            boolean not null default false,
  created_at        timestamptz not null default clock_timestamp(),
  edited_at         timestamptz,
  updated_at        timestamptz not null default clock_timestamp(),
  version           integer not null default 1,
  constraint messages_pkey primary key (user_id, id),
  constraint messages_conversation_id_fkey foreign key (user_id, conversation_id)
    references chat.conversations (user_id, id) on delete cascade,
  constraint messages_parent_id_check check (parent_id < id),
  constraint messages_client_id_check check (length(client_id) between 1 and 200 and client_id !~ '[[:cntrl:]]'),
  constraint messages_role_check check (role in ('system', 'user', 'assistant', 'tool')),
  constraint messages_content_check check (length(content) <= 1000000 and (content <> '' or coalesce(tool_calls, '[]') <> '[]')
    and (octet_length(content) <= 174760 or octet_length(to_json(content)::text) <= 1048576)),
  constraint messages_tool_calls_check check (jsonb_typeof(tool_calls) = 'array' and octet_length(tool_calls::text) <= 262144),
  constraint messages_calls_are_objects_check check (not tool_calls @? '$[*] ? (@.type() != "object")'),
  constraint messages_assistant_calls_check check (role = 'assistant' or coalesce(tool_calls, '[]') = '[]'),
  constraint messages_tool_call_id_check check (length(tool_call_id) between 1 and 200),
  constraint messages_model_check check (length(model) between 1 and 200),
  constraint messages_prompt_tokens_check check (prompt_tokens >= 0),
  constraint messages_completion_tokens_check check (completion_tokens >= 0),
  constraint messages_metadata_check check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384)
) partition by range (id);

comment on table chat.messages is 'What was said in conversations';
comment on column chat.messages.user_id is 'Whose conversation it is in';
comment on column chat.messages.id is 'The message; ordered by time, imported ones by the time they tell';
comment on column chat.messages.conversation_id is 'The conversation';
comment on column chat.messages.parent_id is
  'The message it answers on a branch; NULL: the one before it in the main line';
comment on column chat.messages.client_id is 'The application''s own name for it, unique per user';
comment on column chat.messages.role is 'Who speaks: system, user, assistant or tool';
comment on column chat.messages.content is 'The text';
comment on column chat.messages.tool_calls is 'Calls of tools that the model asks for';
comment on column chat.messages.tool_call_id is 'The call that this is the result of';
comment on column chat.messages.model is 'The model that wrote it';
comment on column chat.messages.prompt_tokens is 'Tokens sent to the model for it';
comment on column chat.messages.completion_tokens is 'Tokens the model answered with';
comment on column chat.messages.metadata is 'Whatever the application wants to keep with it';
comment on column chat.messages.pinned is 'Whether it is always part of the context window';
comment on column chat.messages.created_at is 'When it was written';
comment on column chat.messages.edited_at is 'When its text last changed; NULL: never';
comment on column chat.messages.updated_at is 'When anything of it last changed';
comment on column chat.messages.version is 'Grows with every change; for optimistic updates';

create index messages_conversation_id_idx on chat.messages (user_id, conversation_id, id);
comment on index chat.messages_conversation_id_idx is
  'For the messages of a conversation in order; and the foreign key';
create index messages_pinned_idx on chat.messages (user_id, conversation_id, id) where pinned;
comment on index chat.messages_pinned_idx is 'For the pinned messages of a conversation';
create index messages_parent_id_idx on chat.messages (user_id, parent_id) where parent_id is not null;
comment on index chat.messages_parent_id_idx is 'For the answers to a message';

-- A unique index over partitions would have to hold the id; the same name may come with another one.
create table chat.message_client_ids (
  user_id     uuid not null,
  client_id   text not null,
  message_id  uuid not null,
  fingerprint bytea not null,
  constraint message_client_ids_pkey primary key (user_id, client_id),
  constraint message_client_ids_message_id_fkey foreign key (user_id, message_id)
    references chat.messages (user_id, id) on delete cascade,
  constraint message_client_ids_client_id_check check (length(client_id) between 1 and 200 and client_id !~ '[[:cntrl:]]')
);

comment on table chat.message_client_ids is 'Applications'' own names for messages, each of which leads to one message';
comment on column chat.message_client_ids.user_id is 'Whose message it is';
comment on column chat.message_client_ids.client_id is 'The name';
comment on column chat.message_client_ids.message_id is 'The message';
comment on column chat.message_client_ids.fingerprint is
  'SHA-256 of what it was made from: the same call is known again';

create index message_client_ids_message_id_idx on chat.message_client_ids (user_id, message_id);
comment on index chat.message_client_ids_message_id_idx is 'For the foreign key';

create table chat.message_edits (
  user_id    uuid not null,
  message_id uuid not null,
  version    integer not null,
  content    text not null,
  tool_calls jsonb,
  written_at timestamptz not null,
  edited_at  timestamptz not null default clock_timestamp(),
  constraint message_edits_pkey primary key (user_id, message_id, version),
  constraint message_edits_message_id_fkey foreign key (user_id, message_id)
    references chat.messages (user_id, id) on delete cascade
);

comment on table chat.message_edits is 'Former texts of messages';
comment on column chat.message_edits.user_id is 'Whose message it is';
comment on column chat.message_edits.message_id is 'The message';
comment on column chat.message_edits.version is 'The version of the message that had this text';
comment on column chat.message_edits.content is 'The text it had';
comment on column chat.message_edits.tool_calls is 'The calls of tools it had';
comment on column chat.message_edits.written_at is 'Since when it had them';
comment on column chat.message_edits.edited_at is 'When they were replaced';

create function chat.tg_messages__keep_edit()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  new.edited_at := clock_timestamp();
  insert into chat.message_edits (user_id, message_id, version, content, tool_calls, written_at, edited_at)
  values (old.user_id, old.id, old.version, old.content, old.tool_calls, coalesce(old.edited_at, old.created_at),
          new.edited_at);
  return new;
end
$$;

comment on function chat.tg_messages__keep_edit() is 'Keeps the text that a message had, whoever changes it';

-- A parent is in the same conversation, which a foreign key could not say. Nor could it be afforded: as it asks every
-- partition for the answers to each message that goes, three quarters of erasing a long conversation were its own. Who
-- writes and who removes have the conversation's row locked, so neither passes the other by.
create function chat.tg_messages__check_parent()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from chat.messages m
    where m.user_id = new.user_id and m.id = new.parent_id and m.conversation_id = new.conversation_id;
  if not found then
    perform base.raise('NF001', 'There is no such message in this conversation', 'parent_id');
  end if;
  return null;
end
$$;

comment on function chat.tg_messages__check_parent() is 'Refuses a parent that is not in the conversation';

-- One statement, one update of the conversation, however many messages it wrote. Where it wrote into several, it takes
-- them in the order of their key, so that two such statements wait for each other and never deadlock.
create function chat.tg_messages__count_new()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_new record;
begin
  for v_new in
    select r.user_id, r.conversation_id, count(*) as messages, coalesce(sum(r.prompt_tokens), 0) as prompt_tokens,
           coalesce(sum(r.completion_tokens), 0) as completion_tokens, (array_agg(r.id order by r.id))[1] as first_id,
           (array_agg(r.id order by r.id desc))[1] as last_id, max(r.created_at) as last_at
      from new_rows r
     group by r.user_id, r.conversation_id
     order by r.user_id, r.conversation_id
  loop
    update chat.conversations c
       set message_count = c.message_count + v_new.messages,
           prompt_tokens = c.prompt_tokens + v_new.prompt_tokens,
           completion_tokens = c.completion_tokens + v_new.completion_tokens,
           first_message_id = least(c.first_message_id, v_new.first_id),
           last_message_id = greatest(c.last_message_id, v_new.last_id),
           last_message_at = case when v_new.last_id < c.last_message_id then c.last_message_at else v_new.last_at end
     where c.user_id = v_new.user_id and c.id = v_new.conversation_id;
  end loop;
  return null;
end
$$;

comment on function chat.tg_messages__count_new() is 'Adds new messages to the numbers of their conversations';

create function chat.tg_messages__count_changed()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_more record;
begin
  for v_more in
    select r.user_id, r.conversation_id, sum(r.prompt_tokens) as prompt_tokens,
           sum(r.completion_tokens) as completion_tokens
      from (select n.user_id, n.conversation_id, coalesce(n.prompt_tokens, 0) as prompt_tokens,
                   coalesce(n.completion_tokens, 0) as completion_tokens
              from new_rows n
            union all
            select o.user_id, o.conversation_id, -coalesce(o.prompt_tokens, 0), -coalesce(o.completion_tokens, 0)
              from old_rows o) r
     group by r.user_id, r.conversation_id
    having sum(r.prompt_tokens) <> 0 or sum(r.completion_tokens) <> 0
     order by r.user_id, r.conversation_id
  loop
    update chat.conversations c
       set prompt_tokens = c.prompt_tokens + v_more.prompt_tokens,
           completion_tokens = c.completion_tokens + v_more.completion_tokens
     where c.user_id = v_more.user_id and c.id = v_more.conversation_id;
  end loop;
  return null;
end
$$;

comment on function chat.tg_messages__count_changed() is 'Carries changed numbers of tokens over to the conversations';

-- Where the first or the last message went, another takes its place. It is looked for between what were the bounds, so
-- that partitions beyond them are not opened. What is left without a parent goes to the main line.
create function chat.tg_messages__count_gone()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_gone record;
  v_was  chat.conversations;
begin
  for v_gone in
    select r.user_id, r.conversation_id, array_agg(r.id) as ids, count(*) as messages,
           coalesce(sum(r.prompt_tokens), 0) as prompt_tokens,
           coalesce(sum(r.completion_tokens), 0) as completion_tokens, (array_agg(r.id order by r.id))[1] as first_id,
           (array_agg(r.id order by r.id desc))[1] as last_id
      from old_rows r
     group by r.user_id, r.conversation_id
     order by r.user_id, r.conversation_id
  loop
    select c.* into v_was from chat.conversations c
     where c.user_id = v_gone.user_id and c.id = v_gone.conversation_id for no key update;
    continue when not found;  -- it is going itself

    update chat.messages m set parent_id = null
     where m.user_id = v_gone.user_id and m.parent_id = any (v_gone.ids);
    if v_gone.first_id = v_was.first_message_id then
      v_was.first_message_id := (
        select m.id from chat.messages m
         where m.user_id = v_gone.user_id and m.conversation_id = v_gone.conversation_id
           and m.id > v_gone.first_id and m.id <= v_was.last_message_id
         order by m.id limit 1);
    end if;
    if v_gone.last_id = v_was.last_message_id then
      select m.id, m.created_at into v_was.last_message_id, v_was.last_message_at from chat.messages m
       where m.user_id = v_gone.user_id and m.conversation_id = v_gone.conversation_id
         and m.id < v_gone.last_id and m.id >= v_was.first_message_id
       order by m.id desc limit 1;
    end if;

    update chat.conversations c
       set message_count = c.message_count - v_gone.messages,
           prompt_tokens = c.prompt_tokens - v_gone.prompt_tokens,
           completion_tokens = c.completion_tokens - v_gone.completion_tokens,
           first_message_id = v_was.first_message_id,
           last_message_id = v_was.last_message_id,
           last_message_at = v_was.last_message_at
     where c.user_id = v_gone.user_id and c.id = v_gone.conversation_id;
  end loop;
  return null;
end
$$;

comment on function chat.tg_messages__count_gone() is
  'Takes removed messages out of the numbers of their conversations';

create trigger _100_touch
  before update of parent_id, role, content, tool_calls, tool_call_id, model, prompt_tokens, completion_tokens, metadata,
                   pinned
  on chat.messages for each row
  when ((old.parent_id, old.role, old.content, old.tool_calls, old.tool_call_id, old.model, old.prompt_tokens,
         old.completion_tokens, old.metadata, old.pinned)
        is distinct from (new.parent_id, new.role, new.content, new.tool_calls, new.tool_call_id, new.model,
                          new.prompt_tokens, new.completion_tokens, new.metadata, new.pinned))
  execute function base.tg__touch();
create trigger _200_keep_edit before update of content, tool_calls on chat.messages
  for each row when ((old.content, old.tool_calls) is distinct from (new.content, new.tool_calls))
  execute function chat.tg_messages__keep_edit();
create trigger _500_check_parent after insert or update of parent_id on chat.messages
  for each row when (new.parent_id is not null) execute function chat.tg_messages__check_parent();
create trigger _600_count_new after insert on chat.messages
  referencing new table as new_rows for each statement execute function chat.tg_messages__count_new();
create trigger _600_count_changed after update on chat.messages
  referencing old table as old_rows new table as new_rows
  for each statement execute function chat.tg_messages__count_changed();
create trigger _600_count_gone after delete on chat.messages
  referencing old table as old_rows for each statement execute function chat.tg_messages__count_gone();
create trigger _800_audit after update of content, tool_calls on chat.messages
  for each row execute function ops.tg__audit('id', 'user_id', '{content,tool_calls}', '{edited_at,search}');

do $$
declare
  v_table text;
begin
  foreach v_table in array array['conversations', 'messages', 'message_client_ids', 'message_edits'] loop
    execute format('alter table chat.%I enable row level security', v_table);
    execute format('alter table chat.%I force row level security', v_table);
    execute format('create policy operator_read on chat.%I for select to plinth_operator using (true)', v_table);
    execute format('create policy own_rows on chat.%I to plinth_owner using (user_id = (select base.current_user_id()))',
                   v_table);
    execute format('grant select on chat.%I to plinth_operator', v_table);
  end loop;
end $$;

-- Searching, and what a job erases, cross users or ask for operators that policies would keep from the indexes. What is
-- kept by triggers is kept whoever writes.
create policy system_read on chat.conversations for select to plinth_system using (true);
create policy system_update on chat.conversations for update to plinth_system using (true);
create policy system_delete on chat.conversations for delete to plinth_system using (true);
create policy system_read on chat.messages for select to plinth_system using (true);
create policy system_delete on chat.messages for delete to plinth_system using (true);
create policy system_insert on chat.message_edits for insert to plinth_system with check (true);
grant select, update, delete on chat.conversations to plinth_system;
grant select, delete on chat.messages to plinth_system;
grant insert on chat.message_edits to plinth_system;
grant create on schema chat to plinth_system;
alter function chat.tg_messages__check_parent() owner to plinth_system;
alter function chat.tg_messages__count_new() owner to plinth_system;
alter function chat.tg_messages__count_changed() owner to plinth_system;
alter function chat.tg_messages__count_gone() owner to plinth_system;
alter function chat.tg_messages__keep_edit() owner to plinth_system;
revoke create on schema chat from plinth_system;
-- Whoever makes a partition gives it these triggers.
set local role plinth_system;
grant execute on function chat.tg_messages__count_new(), chat.tg_messages__count_changed(), chat.tg_messages__count_gone(),
  chat.tg_messages__check_parent(), chat.tg_messages__keep_edit() to plinth_owner;
set local role plinth_owner;

-- What is older than the installation is imported history; one partition holds all of it.
insert into ops.partitioned_tables (name, step, ahead) values ('chat.messages', 'quarter', 2);
select ops.make_partition('chat.messages', 'messages_default', null, null),
       ops.make_partition('chat.messages', 'messages_before', '00000000-0000-0000-0000-000000000000',
                          base.first_id(date_trunc('quarter', now(), 'UTC')));
select ops.make_partitions();

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('chat', 'conversations',      'by-user', 'a user''s conversations'),
  ('chat', 'messages',           'by-user', 'beside their conversation'),
  ('chat', 'message_client_ids', 'by-user', 'beside their message'),
  ('chat', 'message_edits',      'by-user', 'beside their message');
insert into base.table_privacy (schema_name, table_name, personal, hidden, neutral) values
  ('chat', 'conversations', '{client_id,title,context,metadata,summary}', '{client_fingerprint}', '{status,model,language}'),
  ('chat', 'messages', '{client_id,content,tool_calls,tool_call_id,metadata}', '{}', '{role,model}'),
  ('chat', 'message_client_ids', '{client_id}', '{fingerprint}', '{}'),
  ('chat', 'message_edits', '{content,tool_calls}', '{}', '{}');

-- db/schema/172_search.sql

-- chat: what messages are searched by.
--
-- search holds the words of a message as its conversation's language reduces them, so that neither a search nor its
-- ranking parses any text. It lies in the row, because a search for a frequent word reads the newest rows one by one.

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('search.ranked', '200', 'integer', 50, 1000, 'Of how many newest hits a search shows the best first');

alter table chat.messages add column search tsvector not null default '';
comment on column chat.messages.search is 'Its words, in the language of its conversation; kept by a trigger';
-- In the row as long as it fits there, also where a long text is moved out.
alter table chat.messages alter column search set storage main;

-- The names of configurations are texts, because a column of type regconfig would forbid pg_upgrade. What no
-- configuration is called is searched as it is written.
create function chat.search_config(p_language text)
returns regconfig
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((select c.oid from pg_ts_config c
                    where c.cfgname = p_language and c.cfgnamespace = 'pg_catalog'::regnamespace),
                  'simple'::regconfig)
$$;

comment on function chat.search_config(text) is
  'The text search configuration of a language; simple for an unknown one';
grant execute on function chat.search_config(text) to plinth_system;

-- PostgreSQL's parser takes "numpy.array" and "/etc/hosts" for one word each, "<String>" for a tag and "&T;" for an
-- entity, which are none, "~50", "+49" and the end of "GPT-4" for words that are not 50, 49 and 4, and, where the
-- database's character type is C, every sign beyond ASCII for a letter: quotation marks, dashes, arrows, pictures. Here
-- all of these are what stands between words.
create function chat.search_text(p_text text)
returns text
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select translate(
    case when octet_length(p_text) = length(p_text) then p_text
         else regexp_replace(p_text, '[\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u2000-\u206f'
           '\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f\u3000-\u303f\ufe00-\ufe0f\ufe10-\ufe6f\uff01-\uff0f\uff1a-\uff20'
           '\uff3b-\uff40\uff5b-\uff65\U0001f000-\U0001faff]', ' ', 'g') end,
    '<./&~+-', '       ')
$$;

comment on function chat.search_text(text) is
  'A text as it is parsed for searching: signs that would hide words are blanks';
grant execute on function chat.search_text(text) to plinth_system;

-- A tsvector holds a megabyte at most, which 200,000 characters cannot exceed.
create function chat.tg_messages__keep_search()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  new.search := to_tsvector(
    chat.search_config((select c.language from chat.conversations c
                         where c.user_id = new.user_id and c.id = new.conversation_id)),
    chat.search_text(left(new.content, 200000)));
  return new;
end
$$;

comment on function chat.tg_messages__keep_search() is 'Keeps search beside content, whoever writes';

create trigger _300_keep_search before insert or update of content, conversation_id, search on chat.messages
  for each row execute function chat.tg_messages__keep_search();

create index messages_search_idx on chat.messages using gin (user_id, role, search, metadata jsonb_path_ops)
  with (gin_pending_list_limit = 1024);
comment on index chat.messages_search_idx is 'For search_messages: rare words, rare roles, and metadata';

update base.table_privacy set hidden = hidden || '{search}' where schema_name = 'chat' and table_name = 'messages';

------------------------------------------------------------------------------------------------------------------
-- A conversation that is said to be in another language: a job reads its messages and memories anew, some at a time.
------------------------------------------------------------------------------------------------------------------

create table chat.search_rebuilds (
  user_id         uuid not null,
  conversation_id uuid not null,
  after           uuid not null default '00000000-0000-0000-0000-000000000000',
  constraint search_rebuilds_pkey primary key (user_id, conversation_id),
  constraint search_rebuilds_conversation_id_fkey foreign key (user_id, conversation_id)
    references chat.conversations (user_id, id) on delete cascade
);

comment on table chat.search_rebuilds is 'Conversations whose messages and memories are to be read in another language';
comment on column chat.search_rebuilds.user_id is 'Whose conversation it is';
comment on column chat.search_rebuilds.conversation_id is 'The conversation';
comment on column chat.search_rebuilds.after is 'The last message or memory that was read; the next ones follow';

create function chat.tg_conversations__rebuild_search()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into chat.search_rebuilds (user_id, conversation_id) values (new.user_id, new.id)
  on conflict (user_id, conversation_id) do update set after = default;
  return null;
end
$$;

comment on function chat.tg_conversations__rebuild_search() is
  'Has the messages and memories of a conversation read anew';

create trigger _700_rebuild_search after update of language on chat.conversations
  for each row when (old.language is distinct from new.language)
  execute function chat.tg_conversations__rebuild_search();

alter table chat.search_rebuilds enable row level security;
alter table chat.search_rebuilds force row level security;
create policy operator_read on chat.search_rebuilds for select to plinth_operator using (true);
create policy own_rows on chat.search_rebuilds to plinth_owner using (user_id = (select base.current_user_id()));
create policy system_read on chat.search_rebuilds for select to plinth_system using (true);
create policy system_update on chat.search_rebuilds for update to plinth_system using (true);
create policy system_delete on chat.search_rebuilds for delete to plinth_system using (true);
grant select on chat.search_rebuilds to plinth_operator;
grant select, update, delete on chat.search_rebuilds to plinth_system;
create policy system_update on chat.messages for update to plinth_system using (true);
grant update on chat.messages to plinth_system;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('chat', 'search_rebuilds', 'by-user', 'beside their conversation');
insert into base.table_privacy (schema_name, table_name) values ('chat', 'search_rebuilds');

-- db/schema/175_skills.sql

-- chat: skills, the runs of their functions, and plans. Plinth runs nothing: an application registers what its models
-- may call, asks before each run whether the arguments are right, and says how it ended. What it may not say (that a
-- run that failed succeeded, that a cancelled plan goes on) is refused here, whoever writes.

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('skills.limit',              '2000', 'integer', 1,  100000, 'Versions of skills, all together'),
  ('plans.step_limit',          '200',  'integer', 1,  2000,   'Steps of a plan'),
  ('executions.keep_days',      '180',  'integer', 30, 3650,   'Days single runs of skills are kept'),
  ('executions.keep_stat_days', '400',  'integer', 30, 3650,
   'Days a user''s statistics of skills are kept; those of everybody together stay');

insert into auth.permissions (name, description) values
  ('skills:manage', 'Register skills, change them, switch them on and off');

------------------------------------------------------------------------------------------------------------------
-- Skills.
------------------------------------------------------------------------------------------------------------------

create table chat.skills (
  name            text not null,
  version         text not null,
  description     text not null,
  parameters      jsonb not null default '{"type": "object"}',
  enabled         boolean not null default true,
  current         boolean not null default false,
  timeout_seconds integer not null default 300,
  tags            text[] not null default '{}',
  metadata        jsonb not null default '{}',
  created_at      timestamptz not null default clock_timestamp(),
  updated_at      timestamptz not null default clock_timestamp(),
  revision        integer not null default 1,
  constraint skills_pkey primary key (name, version),
  constraint skills_name_check check (name ~ '^[A-Za-z][A-Za-z0-9_-]{0,63}$'),
  constraint skills_version_check check (length(version) <= 100 and version ~
    '^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$'),
  constraint skills_description_check check (length(description) between 1 and 2000),
  constraint skills_parameters_check
    check (jsonb_typeof(parameters) = 'object' and octet_length(parameters::text) <= 65536),
  constraint skills_timeout_seconds_check check (timeout_seconds between 1 and 86400),
  constraint skills_tags_check check (cardinality(tags) <= 50 and length(array_to_string(tags, ',', ',')) <= 4000),
  constraint skills_metadata_check check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384)
);

comment on table chat.skills is 'What models may call: every version of every skill; none is ever removed';
comment on column chat.skills.name is 'Name, as models are told it';
comment on column chat.skills.version is 'Semantic version; with the name, what a run was checked against';
comment on column chat.skills.description is 'What it does, as models are told it';
comment on column chat.skills.parameters is
  'JSON Schema of the arguments; never changes: another one is another version';
comment on column chat.skills.enabled is 'Whether this version may be run';
comment on column chat.skills.current is
  'Whether this is the version that is run where none is named; one of each name';
comment on column chat.skills.timeout_seconds is 'How long a run may take where it does not say itself';
comment on column chat.skills.tags is 'Words to find it by';
comment on column chat.skills.metadata is 'What the application wants to remember of it';
comment on column chat.skills.created_at is 'When this version was registered';
comment on column chat.skills.updated_at is 'When it last changed';
comment on column chat.skills.revision is
  'Grows with every change; for optimistic updates, since version means another thing here';

create unique index skills_current_idx on chat.skills (name) where current;
comment on index chat.skills_current_idx is 'One current version of each name';
create index skills_metadata_idx on chat.skills using gin (metadata jsonb_path_ops);
comment on index chat.skills_metadata_idx is 'For skills whose metadata hold something';

create function chat.tg_skills__touch()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if (new.name, new.version, new.parameters) is distinct from (old.name, old.version, old.parameters) then
    perform base.raise('KC004', 'A version that is registered keeps its name and its parameters: register another',
                       'parameters');
  end if;
  new.updated_at := greatest(clock_timestamp(), old.updated_at);
  new.revision := old.revision + 1;
  return new;
end
$$;

comment on function chat.tg_skills__touch() is
  'Keeps updated_at and revision, and refuses other parameters: runs were checked against these';

create trigger _200_touch before update on chat.skills
  for each row when (old.* is distinct from new.*) execute function chat.tg_skills__touch();
create trigger _100_append_only before delete on chat.skills
  for each row execute function base.tg__append_only();
create trigger _110_append_only before truncate on chat.skills
  for each statement execute function base.tg__append_only();
create trigger _800_audit after insert or update on chat.skills
  for each row execute function ops.tg__audit('name', 'user_id');
create trigger _900_touch_tag after insert or update on chat.skills
  for each row execute function base.tg__touch_tag('skills');

grant select on chat.skills to plinth_system, plinth_operator;

------------------------------------------------------------------------------------------------------------------
-- What may become what. Whoever writes, a wrong step is refused and both states are named.
------------------------------------------------------------------------------------------------------------------

create function chat.tg__status()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if old.status || '>' || new.status <> all (tg_argv[1]::text[]) then
    perform base.raise('KC004', format('The %s is %s and cannot become %s', tg_argv[0], old.status, new.status), 'status');
  end if;
  return new;
end
$$;

comment on function chat.tg__status() is
  'Arguments: what it is, array of from>to. Refuses a change of status that is not among them, and names both states';

------------------------------------------------------------------------------------------------------------------
-- Plans.
------------------------------------------------------------------------------------------------------------------

create table chat.planner_executions (
  user_id         uuid not null,
  id              uuid not null default base.new_id(),
  goal            text not null,
  status          text not null default 'draft',
  conversation_id uuid,
  metadata        jsonb not null default '{}',
  created_at      timestamptz not null default clock_timestamp(),
  started_at      timestamptz,
  finished_at     timestamptz,
  updated_at      timestamptz not null default clock_timestamp(),
  version         integer not null default 1,
  constraint planner_executions_pkey primary key (user_id, id),
  constraint planner_executions_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint planner_executions_conversation_id_fkey foreign key (user_id, conversation_id)
    references chat.conversations (user_id, id) on delete cascade,
  constraint planner_executions_goal_check check (length(goal) between 1 and 4000),
  constraint planner_executions_status_check check (status in ('draft', 'running', 'succeeded', 'failed', 'cancelled')),
  constraint planner_executions_metadata_check
    check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384),
  constraint planner_executions_started_at_check check (status in ('draft', 'cancelled') or started_at is not null),
  constraint planner_executions_finished_at_check
    check ((finished_at is not null) = (status in ('succeeded', 'failed', 'cancelled')))
);

comment on table chat.planner_executions is 'Plans: a goal and how far it is; the steps are in chat.planner_steps';
comment on column chat.planner_executions.user_id is 'Whose plan it is';
comment on column chat.planner_executions.id is 'Ordered by time';
comment on column chat.planner_executions.goal is 'What it is for';
comment on column chat.planner_executions.status is
  'draft > running > succeeded, failed or cancelled; running ends when the steps do';
comment on column chat.planner_executions.conversation_id is 'The conversation it belongs to; it goes with it';
comment on column chat.planner_executions.metadata is 'What the application wants to remember of it';
comment on column chat.planner_executions.created_at is 'When it was made';
comment on column chat.planner_executions.started_at is 'When it was started';
comment on column chat.planner_executions.finished_at is 'When it ended';
comment on column chat.planner_executions.updated_at is 'When it last changed';
comment on column chat.planner_executions.version is 'Grows with every change of its status or content';

create index planner_executions_status_idx on chat.planner_executions (user_id, status, id);
comment on index chat.planner_executions_status_idx is 'For plans of one status, and for those that have work to give';
create index planner_executions_conversation_id_idx on chat.planner_executions (user_id, conversation_id, id);
comment on index chat.planner_executions_conversation_id_idx is 'For the plans of a conversation, and the foreign key';

create trigger _100_status before update of status on chat.planner_executions
  for each row when (old.status <> new.status) execute function chat.tg__status('plan',
    '{draft>running,draft>cancelled,running>succeeded,running>failed,running>cancelled}');
create trigger _200_touch before update on chat.planner_executions
  for each row when (old.* is distinct from new.*) execute function base.tg__touch();

-- A step needs steps with smaller numbers only, so there can be no circle.
create table chat.planner_steps (
  user_id         uuid not null,
  plan_id         uuid not null,
  step            integer not null,
  name            text not null,
  skill_name      text not null,
  skill_version   text not null,
  arguments       jsonb not null default '{}',
  needs           integer[] not null default '{}',
  status          text not null default 'pending',
  attempts        integer not null default 0,
  max_attempts    integer not null default 1,
  timeout_seconds integer,
  execution_id    uuid,
  result          jsonb,
  error_kind      text,
  error_message   text,
  started_at      timestamptz,
  finished_at     timestamptz,
  constraint planner_steps_pkey primary key (user_id, plan_id, step),
  constraint planner_steps_name_key unique (user_id, plan_id, name),
  constraint planner_steps_plan_id_fkey foreign key (user_id, plan_id)
    references chat.planner_executions (user_id, id) on delete cascade,
  constraint planner_steps_skill_name_fkey foreign key (skill_name, skill_version)
    references chat.skills (name, version) on delete restrict,
  constraint planner_steps_step_check check (step > 0),
  constraint planner_steps_name_check check (name ~ '^[A-Za-z][A-Za-z0-9_-]{0,63}$'),
  constraint planner_steps_arguments_check
    check (jsonb_typeof(arguments) = 'object' and octet_length(arguments::text) <= 131072),
  constraint planner_steps_needs_check check (0 < all (needs) and step > all (needs) and cardinality(needs) < step),
  constraint planner_steps_status_check
    check (status in ('pending', 'running', 'succeeded', 'failed', 'cancelled', 'skipped')),
  constraint planner_steps_attempts_check check (attempts between 0 and max_attempts),
  constraint planner_steps_max_attempts_check check (max_attempts between 1 and 20),
  constraint planner_steps_timeout_seconds_check check (timeout_seconds between 1 and 86400),
  constraint planner_steps_result_check check (octet_length(result::text) <= 1048576),
  constraint planner_steps_error_kind_check check (error_kind ~ '^[A-Za-z][A-Za-z0-9_.:-]{0,99}$'),
  constraint planner_steps_error_message_check check (length(error_message) <= 8000)
);

comment on table chat.planner_steps is 'The steps of plans, each the run of a skill; steps wait for those they need';
comment on column chat.planner_steps.user_id is 'Whose plan it is';
comment on column chat.planner_steps.plan_id is 'The plan';
comment on column chat.planner_steps.step is 'Its place in the plan, from 1, without gaps';
comment on column chat.planner_steps.name is 'Its name in the plan';
comment on column chat.planner_steps.skill_name is 'The skill it runs';
comment on column chat.planner_steps.skill_version is 'The version of it, fixed when the step was made';
comment on column chat.planner_steps.arguments is
  'The arguments; {"$result": "<step>", "pointer": "/<part>"} stands for (a part of) the result of a step it needs';
comment on column chat.planner_steps.needs is
  'Numbers of the steps that have to succeed before; all of them are smaller';
comment on column chat.planner_steps.status is
  'pending > running > succeeded, failed or cancelled; skipped: what it needs failed; running > pending: it is tried again';
comment on column chat.planner_steps.attempts is 'How often it was started';
comment on column chat.planner_steps.max_attempts is 'How often it may be started until one of its runs succeeds';
comment on column chat.planner_steps.timeout_seconds is 'How long a run may take; NULL: as long as the skill says';
comment on column chat.planner_steps.execution_id is
  'Its last run in chat.function_executions, which may be dropped before the plan';
comment on column chat.planner_steps.result is 'What its run gave';
comment on column chat.planner_steps.error_kind is 'How its last run failed';
comment on column chat.planner_steps.error_message is 'The same in words';
comment on column chat.planner_steps.started_at is 'When its last run began';
comment on column chat.planner_steps.finished_at is 'When it ended';

create index planner_steps_skill_name_idx on chat.planner_steps (skill_name, skill_version);
comment on index chat.planner_steps_skill_name_idx is 'For the foreign key';

create trigger _100_status before update of status on chat.planner_steps
  for each row when (old.status <> new.status) execute function chat.tg__status('step',
    '{pending>running,pending>failed,pending>cancelled,pending>skipped,'
    'running>succeeded,running>failed,running>cancelled,running>pending}');

------------------------------------------------------------------------------------------------------------------
-- Runs. Partitioned by month, as all that grows with time. No reference to the skill, which is never removed: its index
-- would be as long as the log; and none from steps, because partitions expire.
------------------------------------------------------------------------------------------------------------------

create table chat.function_executions (
  user_id         uuid not null,
  id              uuid not null default base.new_id(),
  skill_name      text not null,
  skill_version   text not null,
  status          text not null default 'running',
  conversation_id uuid,
  message_id      uuid,
  plan_id         uuid,
  step            integer,
  attempt         integer not null default 1,
  arguments       jsonb not null default '{}',
  result          jsonb,
  error_kind      text,
  error_message   text,
  started_at      timestamptz not null default clock_timestamp(),
  expires_at      timestamptz not null,
  finished_at     timestamptz,
  duration_us     bigint generated always as ((extract(epoch from finished_at - started_at) * 1000000)::bigint) stored,
  constraint function_executions_pkey primary key (user_id, id),
  constraint function_executions_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint function_executions_conversation_id_fkey foreign key (user_id, conversation_id)
    references chat.conversations (user_id, id) on delete set null (conversation_id),
  constraint function_executions_step_fkey foreign key (user_id, plan_id, step)
    references chat.planner_steps (user_id, plan_id, step) on delete set null (plan_id, step),
  constraint function_executions_status_check
    check (status in ('running', 'succeeded', 'failed', 'cancelled', 'timed_out')),
  constraint function_executions_step_check check ((plan_id is null) = (step is null)),
  constraint function_executions_attempt_check check (attempt between 1 and 100),
  constraint function_executions_arguments_check
    check (jsonb_typeof(arguments) = 'object' and octet_length(arguments::text) <= 131072),
  constraint function_executions_result_check check (status = 'succeeded' or result is null),
  constraint function_executions_result_size_check check (octet_length(result::text) <= 1048576),
  constraint function_executions_error_kind_check check (
    error_kind is null or error_kind ~ '^[A-Za-z][A-Za-z0-9_.:-]{0,99}$' and status in ('failed', 'timed_out', 'cancelled')),
  constraint function_executions_error_message_check check (length(error_message) <= 8000),
  constraint function_executions_finished_at_check check (
    (finished_at is null) = (status = 'running') and finished_at >= started_at)
) partition by range (id);

comment on table chat.function_executions is 'Runs of skills: what was asked, how long it took, and what came of it';
comment on column chat.function_executions.user_id is 'For whom it ran';
comment on column chat.function_executions.id is 'Ordered by time';
comment on column chat.function_executions.skill_name is 'The skill';
comment on column chat.function_executions.skill_version is
  'The version whose parameters the arguments were checked against';
comment on column chat.function_executions.status is 'running > succeeded, failed, cancelled or timed_out';
comment on column chat.function_executions.conversation_id is
  'The conversation it ran for; when that is erased, arguments, result and words of the error go with it';
comment on column chat.function_executions.message_id is 'The message that asked for it, which may be gone before';
comment on column chat.function_executions.plan_id is 'The plan it is a step of';
comment on column chat.function_executions.step is 'The step';
comment on column chat.function_executions.attempt is 'Which attempt it is, from 1';
comment on column chat.function_executions.arguments is 'The arguments, checked against the skill''s parameters';
comment on column chat.function_executions.result is 'What it gave; NULL unless it succeeded';
comment on column chat.function_executions.error_kind is 'How it failed, in one word, such as rate_limited';
comment on column chat.function_executions.error_message is 'The same in words';
comment on column chat.function_executions.started_at is 'When it began, by the clock of the database';
comment on column chat.function_executions.expires_at is 'When it counts as timed out if it is still running';
comment on column chat.function_executions.finished_at is 'When it ended, by the same clock';
comment on column chat.function_executions.duration_us is 'Microseconds from one to the other';

create index function_executions_skill_name_idx on chat.function_executions (user_id, skill_name, id);
comment on index chat.function_executions_skill_name_idx is 'For the runs of one skill, newest first';
create index function_executions_status_idx on chat.function_executions (user_id, status, id) where status <> 'succeeded';
comment on index chat.function_executions_status_idx is 'For runs that did not go well, or not yet; most did';
create index function_executions_conversation_id_idx on chat.function_executions (user_id, conversation_id, id);
comment on index chat.function_executions_conversation_id_idx is 'For the runs of a conversation, and the foreign key';
create index function_executions_step_idx on chat.function_executions (user_id, plan_id, step, id);
comment on index chat.function_executions_step_idx is 'For the runs of a plan, and the foreign key';
create index function_executions_expires_at_idx on chat.function_executions (expires_at) where status = 'running';
comment on index chat.function_executions_expires_at_idx is 'For core.time_out_executions';

-- Numbers stay, so that statistics equal a recount; what was said goes with the conversation.
create function chat.tg_function_executions__forget()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  new.message_id := null;
  new.arguments := '{}';
  new.result := null;
  new.error_message := null;
  return new;
end
$$;

comment on function chat.tg_function_executions__forget() is 'Empties a run whose conversation is erased';

create trigger _050_forget before update of conversation_id on chat.function_executions
  for each row when (old.conversation_id is not null and new.conversation_id is null)
  execute function chat.tg_function_executions__forget();
create trigger _100_status before update of status on chat.function_executions
  for each row when (old.status <> new.status) execute function chat.tg__status('execution',
    '{running>succeeded,running>failed,running>cancelled,running>timed_out}');

------------------------------------------------------------------------------------------------------------------
-- Statistics. What ended is noted in a queue, in the same transaction, and folded into sums by a job; whoever reads
-- adds what still waits. So no two that end at once wait for each other on a row of sums, and nothing is late or lost.
-- A row of sums is one slot of a histogram, with its bounds: histograms add up and percentiles do not, and bounds may
-- change.
------------------------------------------------------------------------------------------------------------------

create table chat.unfolded_executions (
  user_id       uuid not null,
  execution_id  uuid not null,
  day           date not null,
  skill_name    text not null,
  skill_version text not null,
  status        text not null,
  duration_us   bigint not null,
  from_us       bigint not null,
  below_us      bigint,
  error_kind    text,
  finished_at   timestamptz not null,
  constraint unfolded_executions_pkey primary key (user_id, execution_id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);  -- whoever counts reads it whole

comment on table chat.unfolded_executions is 'Runs that ended and are not in the sums yet: those of the last seconds';
comment on column chat.unfolded_executions.user_id is 'For whom it ran';
comment on column chat.unfolded_executions.execution_id is 'The run';
comment on column chat.unfolded_executions.day is 'The day it ended (UTC)';
comment on column chat.unfolded_executions.skill_name is 'The skill';
comment on column chat.unfolded_executions.skill_version is 'The version';
comment on column chat.unfolded_executions.status is 'How it ended';
comment on column chat.unfolded_executions.duration_us is 'How many microseconds it took';
comment on column chat.unfolded_executions.from_us is
  'The slot of chat.duration_bounds() that this falls in: from so many';
comment on column chat.unfolded_executions.below_us is 'To below so many; NULL: there is no end';
comment on column chat.unfolded_executions.error_kind is 'How it failed';
comment on column chat.unfolded_executions.finished_at is 'When it ended';

create table chat.user_skill_stats (
  user_id          uuid not null,
  day              date not null,
  skill_name       text not null,
  skill_version    text not null,
  status           text not null,
  from_us          bigint not null,
  below_us         bigint,
  runs             bigint not null,
  duration_us      numeric not null,
  slowest_us       bigint not null,
  last_error_kind  text,
  last_finished_at timestamptz not null,
  constraint user_skill_stats_pkey primary key (user_id, day, skill_name, skill_version, status, from_us)
) with (fillfactor = 80);

comment on table chat.user_skill_stats is
  'Runs of skills by user, day, version, how they ended, and how long they took';
comment on column chat.user_skill_stats.user_id is 'For whom they ran';
comment on column chat.user_skill_stats.day is 'The day they ended (UTC)';
comment on column chat.user_skill_stats.skill_name is 'The skill';
comment on column chat.user_skill_stats.skill_version is 'The version';
comment on column chat.user_skill_stats.status is 'How they ended';
comment on column chat.user_skill_stats.from_us is
  'The slot of a histogram that they are in: they took from so many microseconds';
comment on column chat.user_skill_stats.below_us is 'To below so many; NULL: there is no end';
comment on column chat.user_skill_stats.runs is 'How many';
comment on column chat.user_skill_stats.duration_us is 'Microseconds of all together';
comment on column chat.user_skill_stats.slowest_us is 'Microseconds of the slowest';
comment on column chat.user_skill_stats.last_error_kind is 'How the last of them failed';
comment on column chat.user_skill_stats.last_finished_at is 'When the last of them ended';

create index user_skill_stats_day_idx on chat.user_skill_stats (day);
comment on index chat.user_skill_stats_day_idx is 'For removing old ones';

create table chat.skill_stats (
  day              date not null,
  skill_name       text not null,
  skill_version    text not null,
  status           text not null,
  from_us          bigint not null,
  below_us         bigint,
  runs             bigint not null,
  duration_us      numeric not null,
  slowest_us       bigint not null,
  last_error_kind  text,
  last_finished_at timestamptz not null,
  constraint skill_stats_pkey primary key (day, skill_name, skill_version, status, from_us)
) with (fillfactor = 80);

comment on table chat.skill_stats is 'The same of everybody together';
comment on column chat.skill_stats.day is 'The day they ended (UTC)';
comment on column chat.skill_stats.skill_name is 'The skill';
comment on column chat.skill_stats.skill_version is 'The version';
comment on column chat.skill_stats.status is 'How they ended';
comment on column chat.skill_stats.from_us is
  'The slot of a histogram that they are in: they took from so many microseconds';
comment on column chat.skill_stats.below_us is 'To below so many; NULL: there is no end';
comment on column chat.skill_stats.runs is 'How many';
comment on column chat.skill_stats.duration_us is 'Microseconds of all together';
comment on column chat.skill_stats.slowest_us is 'Microseconds of the slowest';
comment on column chat.skill_stats.last_error_kind is 'How the last of them failed';
comment on column chat.skill_stats.last_finished_at is 'When the last of them ended';

create function chat.duration_bounds()
returns bigint[]
language sql
immutable
parallel safe
as $$
  select '{1000,2000,5000,10000,20000,50000,100000,200000,350000,500000,750000,1000000,1500000,2000000,3000000,5000000,
           7500000,10000000,15000000,20000000,30000000,60000000,120000000,300000000,600000000,1800000000}'::bigint[]
$$;

comment on function chat.duration_bounds() is
  'Upper bounds, in microseconds, of the slots that runs of skills are counted in; one more is for what is slower';
grant execute on function chat.duration_bounds() to plinth_system;

create function chat.tg_function_executions__note()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_bounds bigint[] := chat.duration_bounds();
  v_slot   integer := width_bucket(new.duration_us, v_bounds);
begin
  insert into chat.unfolded_executions
    (user_id, execution_id, day, skill_name, skill_version, status, duration_us, from_us, below_us, error_kind, finished_at)
  values (new.user_id, new.id, (new.finished_at at time zone 'UTC')::date, new.skill_name, new.skill_version, new.status,
          new.duration_us, coalesce(v_bounds[v_slot], 0), v_bounds[v_slot + 1], new.error_kind, new.finished_at);
  return null;
end
$$;

comment on function chat.tg_function_executions__note() is
  'Notes each run that ended, whoever wrote it, for the statistics';

-- A name the application chose outlives nobody: when an erasure empties a user's rows, what the sums of everybody have
-- from there goes, too.
create function chat.tg_user_skill_stats__forget_error()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Locked in the order of their keys, as core.fold_executions does.
  with forgotten as (
    select s.day, s.skill_name, s.skill_version, s.status, s.from_us
      from named n
      join unnamed u using (user_id, day, skill_name, skill_version, status, from_us)
      join chat.skill_stats s using (day, skill_name, skill_version, status, from_us)
     where n.last_error_kind = s.last_error_kind and n.last_finished_at = s.last_finished_at and u.last_error_kind is null
     order by 1, 2, 3, 4, 5
       for update of s
  )
  update chat.skill_stats s set last_error_kind = null
    from forgotten f
   where (s.day, s.skill_name, s.skill_version, s.status, s.from_us)
       = (f.day, f.skill_name, f.skill_version, f.status, f.from_us);
  return null;
end
$$;

comment on function chat.tg_user_skill_stats__forget_error() is
  'Takes out of the sums of everybody how a last run failed whose user forgets it';

create trigger _100_forget_error after update on chat.user_skill_stats
  referencing old table as named new table as unnamed
  for each statement execute function chat.tg_user_skill_stats__forget_error();

create trigger _700_note after insert on chat.function_executions
  for each row when (new.status <> 'running') execute function chat.tg_function_executions__note();
create trigger _710_note after update of status on chat.function_executions
  for each row when (old.status <> new.status) execute function chat.tg_function_executions__note();

------------------------------------------------------------------------------------------------------------------
-- Whose rows are whose.
------------------------------------------------------------------------------------------------------------------

do $$
declare
  v_table text;
begin
  foreach v_table in array array['planner_executions', 'planner_steps', 'function_executions', 'unfolded_executions',
                                 'user_skill_stats'] loop
    execute format('alter table chat.%I enable row level security', v_table);
    execute format('alter table chat.%I force row level security', v_table);
    execute format('create policy own_rows on chat.%I %s to plinth_owner using (user_id = (select base.current_user_id()))',
                   v_table, case when v_table in ('unfolded_executions', 'user_skill_stats') then 'for select' else '' end);
    if v_table in ('unfolded_executions', 'user_skill_stats') then
      execute format('create policy own_update on chat.%I for update to plinth_owner '
                     'using (user_id = (select base.current_user_id()))', v_table);
    end if;
    execute format('create policy operator_read on chat.%I for select to plinth_operator using (true)', v_table);
    execute format('create policy system_read on chat.%I for select to plinth_system using (true)', v_table);
    execute format('grant select on chat.%I to plinth_operator, plinth_system', v_table);
  end loop;
end $$;

-- What runs past its time-out is ended by a job, whoever it is; its step and its plan with it.
create policy system_update on chat.function_executions for update to plinth_system using (true);
create policy system_update on chat.planner_steps for update to plinth_system using (true);
create policy system_update on chat.planner_executions for update to plinth_system using (true);
-- So are plans removed whose conversation is erased.
create policy system_delete on chat.planner_executions for delete to plinth_system using (true);
create policy system_insert on chat.unfolded_executions for insert to plinth_system with check (true);
create policy system_delete on chat.unfolded_executions for delete to plinth_system using (true);
create policy system_insert on chat.user_skill_stats for insert to plinth_system with check (true);
create policy system_update on chat.user_skill_stats for update to plinth_system using (true);
create policy system_delete on chat.user_skill_stats for delete to plinth_system using (true);
grant update on chat.function_executions, chat.planner_steps, chat.planner_executions to plinth_system;
grant delete on chat.planner_executions to plinth_system;
grant insert, delete on chat.unfolded_executions to plinth_system;
grant insert, update, delete on chat.user_skill_stats to plinth_system;
grant select, insert, update on chat.skill_stats to plinth_system;
grant select on chat.skill_stats to plinth_operator;

grant create on schema chat to plinth_system;
alter function chat.tg_function_executions__note() owner to plinth_system;
revoke create on schema chat from plinth_system;
-- Every new partition gets the trigger, and whoever makes one must be allowed to execute its function.
set local role plinth_system;
grant execute on function chat.tg_function_executions__note() to plinth_owner;
set local role plinth_owner;

insert into ops.partitioned_tables (name, step, ahead, behind, keep_setting)
values ('chat.function_executions', 'month', 3, 1, 'executions.keep_days');
select ops.make_partition('chat.function_executions', 'function_executions_default', null, null);
select ops.make_partitions();

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('chat', 'skills',              'reference', 'the same skills everywhere'),
  ('chat', 'planner_executions',  'by-user',   'what a user''s agent is about'),
  ('chat', 'planner_steps',       'by-user',   'beside its plan'),
  ('chat', 'function_executions', 'by-user',   'what ran for a user'),
  ('chat', 'unfolded_executions', 'by-user',   'beside the run'),
  ('chat', 'user_skill_stats',    'by-user',   'what ran for a user, by the day'),
  ('chat', 'skill_stats',         'local',     'what ran on this machine; over several, their sum');

-- Of an erased account runs stay as numbers, so that statistics equal a recount afterwards, too.
insert into base.table_privacy (schema_name, table_name, on_erase, personal, hidden, neutral, erased) values
  ('chat', 'planner_executions', 'delete', '{goal,metadata}', '{}', '{status}', '{}'),
  ('chat', 'planner_steps', 'delete', '{arguments,result,error_message}', '{}',
   '{name,skill_name,skill_version,needs,status,error_kind}', '{}'),
  ('chat', 'function_executions', 'anonymise', '{arguments,result,error_kind,error_message}', '{}',
   '{skill_name,skill_version,status}', '{"arguments": "{}"}'),
  ('chat', 'unfolded_executions', 'anonymise', '{error_kind}', '{}', '{skill_name,skill_version,status}', '{}'),
  ('chat', 'user_skill_stats', 'anonymise', '{last_error_kind}', '{}', '{skill_name,skill_version,status}', '{}');

-- db/schema/180_memory.sql

-- memory: what an application remembers of its users. A memory is one short text that holds for a time: a fact that
-- changes is closed and followed by a new row, never overwritten, so that what was known at any moment can be asked.

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('memory.batch_limit', '500', 'integer', 1, 10000, 'Memories one call may make'),
  -- Each leaves a line in the audit trail, which takes about a millisecond.
  ('memory.delete_limit', '1000', 'integer', 1, 100000, 'Memories that one call removes at most'),
  ('memory.expired_days', '7',  'integer', 0, 3650,  'Days an expired memory is kept, hidden; then it is removed'),
  ('memory.half_life_days', '30', 'integer', 1, 36500, 'Days after which the recency of a memory is half of what it was'),
  ('memory.compared_limit', '2000', 'integer', 100, 100000, 'So many memories a recall compares one by one; of more, candidates');

create table memory.semantic_memories (
  user_id           uuid not null,
  id                uuid not null default base.new_id(),
  conversation_id   uuid,
  kind              text not null default 'fact',
  content           text not null,
  importance        double precision not null default 0.5,
  metadata          jsonb not null default '{}',
  valid_from        timestamptz not null default now(),
  valid_to          timestamptz,
  supersedes        uuid,
  expires_at        timestamptz,
  qdrant_collection text,
  qdrant_point_id   text,
  recall_count      bigint not null default 0,
  last_recalled_at  timestamptz,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  version           integer not null default 1,
  search            tsvector not null default '',
  constraint semantic_memories_pkey primary key (user_id, id),
  constraint semantic_memories_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint semantic_memories_conversation_id_fkey foreign key (user_id, conversation_id)
    references chat.conversations (user_id, id) on delete cascade,
  constraint semantic_memories_supersedes_fkey foreign key (user_id, supersedes)
    references memory.semantic_memories (user_id, id) on delete set null (supersedes),
  constraint semantic_memories_user_id_supersedes_key unique (user_id, supersedes),
  constraint semantic_memories_user_id_qdrant_key unique (user_id, qdrant_collection, qdrant_point_id),
  constraint semantic_memories_kind_check check (kind ~ '^[a-z][a-z0-9_.-]{0,49}$'),
  constraint semantic_memories_content_check check (length(content) between 1 and 10000),
  constraint semantic_memories_importance_check check (importance between 0.000001 and 1 or importance = 0),
  constraint semantic_memories_metadata_check check (jsonb_typeof(metadata) = 'object'
                                                     and octet_length(metadata::text) <= 16384),
  constraint semantic_memories_valid_from_check check (valid_from between '0001-01-01 UTC' and '9999-12-31 23:59:59.999999 UTC'),
  constraint semantic_memories_valid_to_check check (valid_to between valid_from and '9999-12-31 23:59:59.999999 UTC'),
  constraint semantic_memories_supersedes_check check (supersedes <> id),
  constraint semantic_memories_expires_at_check check (expires_at between '0001-01-01 UTC' and '9999-12-31 23:59:59.999999 UTC'),
  constraint semantic_memories_qdrant_check check ((qdrant_collection is null) = (qdrant_point_id is null)),
  constraint semantic_memories_qdrant_collection_check check (length(qdrant_collection) between 1 and 255
                                                              and qdrant_collection !~ '[[:cntrl:]/]'),
  constraint semantic_memories_qdrant_point_id_check
    check (qdrant_point_id ~ '^([0-9]{1,20}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$'),
  constraint semantic_memories_recall_count_check check (recall_count >= 0)
) with (fillfactor = 90);

comment on table memory.semantic_memories is
  'What is remembered of users: short texts, each true for a time; their vectors are in memory.embeddings';
comment on column memory.semantic_memories.user_id is 'Whose memory it is';
comment on column memory.semantic_memories.id is 'Names the memory; a changed fact is another memory';
comment on column memory.semantic_memories.conversation_id is
  'The only conversation it counts in; NULL: in all. It goes with the conversation: without it, it would count everywhere';
comment on column memory.semantic_memories.kind is
  'What sort of memory it is, in the application''s own words: fact, preference, …';
comment on column memory.semantic_memories.content is 'What is remembered';
comment on column memory.semantic_memories.importance is 'How much it matters, from 0 to 1; counts in a recall';
comment on column memory.semantic_memories.metadata is
  'Whatever the application keeps with it; searched by containment';
comment on column memory.semantic_memories.valid_from is 'Since when it is true; recency counts from here';
comment on column memory.semantic_memories.valid_to is 'When it stopped being true; NULL: it still is';
comment on column memory.semantic_memories.supersedes is
  'The memory in whose place it came when the fact changed; one has one successor at most. Both go together';
comment on column memory.semantic_memories.expires_at is
  'From then on it is hidden as if it were gone, and later a job removes it; NULL: never';
comment on column memory.semantic_memories.qdrant_collection is
  'Collection of a Qdrant server that holds its vector, too';
comment on column memory.semantic_memories.qdrant_point_id is
  'Its point there: a number or a uuid; names one memory of a user';
comment on column memory.semantic_memories.recall_count is 'How often a recall brought it up';
comment on column memory.semantic_memories.last_recalled_at is 'When a recall last brought it up';
comment on column memory.semantic_memories.created_at is 'When it was written down';
comment on column memory.semantic_memories.updated_at is 'When it was last changed';
comment on column memory.semantic_memories.version is 'Grows with every change; for optimistic updates';

comment on column memory.semantic_memories.search is
  'Its words, in the language of its conversation, else the usual one; kept by a trigger';
-- In the row as long as it fits there: a recall compares the words of hundreds of rows.
alter table memory.semantic_memories alter column search set storage main;

create index semantic_memories_conversation_id_idx on memory.semantic_memories (user_id, conversation_id, valid_from);
comment on index memory.semantic_memories_conversation_id_idx is
  'For the newest that count in one conversation, or in all, and for erasing a conversation';
create index semantic_memories_importance_idx on memory.semantic_memories (user_id, conversation_id, importance);
comment on index memory.semantic_memories_importance_idx is 'For those that matter most, in one conversation or in all';
create index semantic_memories_kind_idx on memory.semantic_memories (user_id, kind, id);
comment on index memory.semantic_memories_kind_idx is 'For the memories of one kind';
create index semantic_memories_search_idx on memory.semantic_memories
  using gin (user_id, search, metadata jsonb_path_ops);
comment on index memory.semantic_memories_search_idx is
  'For the words of a user''s memories, and what metadata contain';
create index semantic_memories_expires_at_idx on memory.semantic_memories (expires_at) where expires_at is not null;
comment on index memory.semantic_memories_expires_at_idx is 'For core.cleanup_memories: what has expired';

create function memory.tg_semantic_memories__keep_search()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  new.search := to_tsvector(
    chat.search_config(coalesce((select c.language from chat.conversations c
                                  where c.user_id = new.user_id and c.id = new.conversation_id),
                                base.setting('chat.language'))),
    chat.search_text(new.content));
  return new;
end
$$;

comment on function memory.tg_semantic_memories__keep_search() is 'Keeps search beside content, whoever writes';

create trigger _300_keep_search before insert or update of content, conversation_id, search on memory.semantic_memories
  for each row execute function memory.tg_semantic_memories__keep_search();

-- What was recalled is no change. The trail names what of a memory changed or went and keeps none of its words: what a
-- user had forgotten is not to stand there. One line per memory that is made would only double the store.
create trigger _100_touch
  before update of conversation_id, kind, content, importance, metadata, valid_from, valid_to, supersedes, expires_at,
                   qdrant_collection, qdrant_point_id
  on memory.semantic_memories for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _800_audit
  after delete or update of conversation_id, kind, content, importance, metadata, valid_from, valid_to, expires_at,
                            qdrant_collection, qdrant_point_id
  on memory.semantic_memories for each row execute function ops.tg__audit('id', 'user_id', '{content,metadata,search}');

------------------------------------------------------------------------------------------------------------------
-- What recalls brought up. A recall is a read; counting it in the memories themselves would change a row, and often a
-- whole page, for each memory it found, and make recalls of the same memories wait for each other. So it adds one short
-- row here, and a job carries many of them over at once.
------------------------------------------------------------------------------------------------------------------

create table memory.recalls (
  user_id     uuid not null,
  id          uuid not null default base.new_id(),
  memory_ids  uuid[] not null,
  recalled_at timestamptz not null default now(),
  constraint recalls_pkey primary key (user_id, id),
  constraint recalls_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint recalls_memory_ids_check check (cardinality(memory_ids) between 1 and 200)
);

comment on table memory.recalls is 'What recalls brought up and is not counted yet; core.fold_recalls empties it';
comment on column memory.recalls.user_id is 'Whose memories';
comment on column memory.recalls.id is 'Names the recall';
comment on column memory.recalls.memory_ids is 'The memories it brought up';
comment on column memory.recalls.recalled_at is 'When';

------------------------------------------------------------------------------------------------------------------
-- Row policies.
------------------------------------------------------------------------------------------------------------------

do $$
declare
  v_table text;
begin
  foreach v_table in array array['semantic_memories', 'recalls'] loop
    execute format('alter table memory.%I enable row level security', v_table);
    execute format('alter table memory.%I force row level security', v_table);
    execute format('create policy own_rows on memory.%I to plinth_owner using (user_id = (select base.current_user_id()))',
                   v_table);
    execute format('create policy operator_read on memory.%I for select to plinth_operator using (true)', v_table);
    execute format('grant select on memory.%I to plinth_operator', v_table);
  end loop;
end $$;

-- Searches by text and metadata use indexes that policies switch off; jobs count and remove, whosever memory it is.
create policy system_read on memory.semantic_memories for select to plinth_system using (true);
create policy system_update on memory.semantic_memories for update to plinth_system using (true);
create policy system_delete on memory.semantic_memories for delete to plinth_system using (true);
grant select, update, delete on memory.semantic_memories to plinth_system;
create policy system_read on memory.recalls for select to plinth_system using (true);
create policy system_insert on memory.recalls for insert to plinth_system with check (true);
create policy system_update on memory.recalls for update to plinth_system using (true);
create policy system_delete on memory.recalls for delete to plinth_system using (true);
grant select, insert, update, delete on memory.recalls to plinth_system;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('memory', 'semantic_memories', 'by-user', 'what is remembered of a user is with the user'),
  ('memory', 'recalls',           'by-user', 'beside the memories');

insert into base.table_privacy (schema_name, table_name, personal, hidden, neutral) values
  ('memory', 'semantic_memories', '{content,metadata,kind,qdrant_collection,qdrant_point_id}', '{search}', '{}'),
  ('memory', 'recalls',           '{}', '{}', '{memory_ids}');

-- db/schema/185_embeddings.sql

-- memory: vectors of texts, and what is known of the models that make them. Each model has its own partition, and on it
-- an index of its own type: so models of any length lie in one table, a new one is in nobody's way, and one that is
-- replaced goes at once.

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('embeddings.batch_limit', '1000', 'integer', 1, 10000, 'Embeddings one call may bring'),
  ('embeddings.model_limit', '50',   'integer', 1, 1000,  'Embedding models there may be; each is a partition');

insert into auth.permissions (name, description) values
  ('embeddings:manage', 'Register, change and drop embedding models');

create table memory.embedding_models (
  id                   integer generated always as identity,
  name                 text not null,
  description          text not null default '',
  dimensions           integer not null,
  metric               text not null default 'cosine',
  storage              text not null default 'vector',
  index_kind           text not null default 'hnsw',
  hnsw_m               integer not null default 16,
  hnsw_ef_construction integer not null default 128,
  hnsw_ef_search       integer not null default 100,
  ivfflat_lists        integer not null default 100,
  ivfflat_probes       integer not null default 10,
  state                text not null default 'active',
  is_default           boolean not null default false,
  created_at           timestamptz not null default now(),
  updated_at           timestamptz not null default now(),
  version              integer not null default 1,
  constraint embedding_models_pkey primary key (id),
  constraint embedding_models_name_key unique (name),
  constraint embedding_models_name_check check (name ~ '^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$'),
  constraint embedding_models_description_check check (length(description) <= 500),
  constraint embedding_models_dimensions_check check (dimensions between 1 and 4000),
  constraint embedding_models_metric_check check (metric in ('cosine', 'l2', 'inner_product')),
  constraint embedding_models_storage_check check (storage = 'halfvec' or storage = 'vector' and dimensions <= 2000),
  constraint embedding_models_index_kind_check check (index_kind in ('hnsw', 'ivfflat', 'none')),
  constraint embedding_models_hnsw_m_check check (hnsw_m between 2 and 100),
  -- Halved, because twice an absurd hnsw_m is no integer any more.
  constraint embedding_models_hnsw_ef_construction_check
    check (hnsw_ef_construction between 4 and 1000 and (hnsw_ef_construction / 2 >= hnsw_m or hnsw_m > 100)),
  constraint embedding_models_hnsw_ef_search_check check (hnsw_ef_search between 1 and 1000),
  constraint embedding_models_ivfflat_lists_check check (ivfflat_lists between 1 and 32768),
  constraint embedding_models_ivfflat_probes_check check (ivfflat_probes between 1 and ivfflat_lists),
  constraint embedding_models_state_check check (state in ('active', 'retired')),
  constraint embedding_models_is_default_check check (state = 'active' or not is_default)
);

comment on table memory.embedding_models is
  'The models whose vectors are kept; each has its partition of memory.embeddings';
comment on column memory.embedding_models.id is 'Names its partition: memory.embeddings_<id>';
comment on column memory.embedding_models.name is 'Its name, as callers say it';
comment on column memory.embedding_models.description is 'What it is for';
comment on column memory.embedding_models.dimensions is 'How many numbers its vectors have';
comment on column memory.embedding_models.metric is 'How two vectors are compared: cosine, l2 or inner_product';
comment on column memory.embedding_models.storage is
  'vector: four bytes a number, up to 2,000 of them; halfvec: two bytes, up to 4,000';
comment on column memory.embedding_models.index_kind is 'The index it should have: hnsw, ivfflat or none';
comment on column memory.embedding_models.hnsw_m is 'hnsw: neighbours of each point';
comment on column memory.embedding_models.hnsw_ef_construction is 'hnsw: candidates looked at when a point is added';
comment on column memory.embedding_models.hnsw_ef_search is
  'hnsw: candidates a search looks at; more find more of the true neighbours and take longer';
comment on column memory.embedding_models.ivfflat_lists is 'ivfflat: how many lists; about rows / 1,000';
comment on column memory.embedding_models.ivfflat_probes is
  'ivfflat: lists a search looks at; more find more of the true neighbours and take longer';
comment on column memory.embedding_models.state is 'active; retired: searched, but nothing is added any more';
comment on column memory.embedding_models.is_default is 'Whether it is meant where no model is named; one at most';
comment on column memory.embedding_models.created_at is 'When it was registered';
comment on column memory.embedding_models.updated_at is 'When it was last changed';
comment on column memory.embedding_models.version is 'Grows with every change; for optimistic updates';

create unique index embedding_models_is_default_idx on memory.embedding_models (is_default) where is_default;
comment on index memory.embedding_models_is_default_idx is 'One default at most';

create trigger _200_touch before update on memory.embedding_models
  for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _800_audit after insert or update or delete on memory.embedding_models
  for each row execute function ops.tg__audit('name', 'user_id');

grant select on memory.embedding_models to plinth_system, plinth_operator;

-- One row is one vector of one text by one model. The text lies with it: what is found can be shown without asking
-- anybody else. A partition cannot have another type than its table, so both types are columns and a row has one; a
-- column that is NULL takes no room.
create table memory.embeddings (
  user_id         uuid not null,
  id              uuid not null default base.new_id(),
  model_id        integer not null,
  message_id      uuid,
  memory_id       uuid,
  conversation_id uuid,
  content_digest    uuid not null generated always as (md5(content)::uuid) stored,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  collection      text not null default '',
  content         text not null,
  metadata        jsonb not null default '{}',
  embedding       ext.vector,
  half_embedding  ext.halfvec,
  constraint embeddings_pkey primary key (user_id, id, model_id),
  constraint embeddings_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint embeddings_message_id_fkey foreign key (user_id, message_id)
    references chat.messages (user_id, id) on delete cascade,
  constraint embeddings_memory_id_fkey foreign key (user_id, memory_id)
    references memory.semantic_memories (user_id, id) on delete cascade,
  constraint embeddings_content_digest_key
    unique nulls not distinct (user_id, content_digest, collection, message_id, memory_id, model_id),
  constraint embeddings_memory_id_check check (memory_id is null or message_id is null),
  constraint embeddings_conversation_id_check
    check (conversation_id is null or message_id is not null or memory_id is not null),
  constraint embeddings_collection_check check (length(collection) <= 100),
  constraint embeddings_content_check check (length(content) between 1 and 100000),
  constraint embeddings_metadata_check check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384),
  constraint embeddings_embedding_check check (num_nonnulls(embedding, half_embedding) = 1)
) partition by list (model_id);

alter table memory.embeddings alter embedding set storage main;
alter table memory.embeddings alter half_embedding set storage main;
alter table memory.embeddings alter collection set storage main;
alter table memory.embeddings alter metadata set storage main;

comment on table memory.embeddings is 'Vectors of texts, one partition per model';
comment on column memory.embeddings.user_id is 'Whose text it is';
comment on column memory.embeddings.id is 'Names the row';
comment on column memory.embeddings.model_id is 'The model that made the vector';
comment on column memory.embeddings.message_id is 'The message the text is of, or a part of; it goes with the message';
comment on column memory.embeddings.memory_id is 'The memory the text is of; it goes with the memory';
comment on column memory.embeddings.conversation_id is
  'The conversation of that message or memory, a copy: a search within one conversation needs no join';
comment on column memory.embeddings.content_digest is
  'Digest of the text: the same text for the same thing is kept once, however often it comes';
comment on column memory.embeddings.created_at is 'When it came';
comment on column memory.embeddings.updated_at is 'When its vector or metadata was last replaced';
comment on column memory.embeddings.collection is 'Groups texts in the application''s own words; empty: none';
comment on column memory.embeddings.content is 'The text the vector was made of';
comment on column memory.embeddings.metadata is 'Whatever the application keeps with it; searched by containment';
comment on column memory.embeddings.embedding is 'The vector, of a model stored as vector';
comment on column memory.embeddings.half_embedding is 'The vector, of a model stored as halfvec';

create index embeddings_message_id_idx on memory.embeddings (user_id, message_id) where message_id is not null;
comment on index memory.embeddings_message_id_idx is 'For the vectors of a message, and removing them with it';
create index embeddings_memory_id_idx on memory.embeddings (user_id, memory_id) where memory_id is not null;
comment on index memory.embeddings_memory_id_idx is 'For the vectors of a memory, and removing them with it';
-- Each row is in one of these, so that a page of a kind that is rare is not looked for among all. Put like this, as
-- "is not null" would make them fit for what names a message or memory, such as a foreign key's own query: planned
-- among few rows, that would read all of the user's for each message that goes.
create index embeddings_messages_idx on memory.embeddings (user_id, id) where (message_id is null) is false;
comment on index memory.embeddings_messages_idx is 'For a page of the vectors of messages';
create index embeddings_memories_idx on memory.embeddings (user_id, id) where (memory_id is null) is false;
comment on index memory.embeddings_memories_idx is 'For a page of the vectors of memories';
create index embeddings_texts_idx on memory.embeddings (user_id, id) where message_id is null and memory_id is null;
comment on index memory.embeddings_texts_idx is 'For a page of the vectors of neither';
create index embeddings_collection_idx on memory.embeddings (user_id, collection, id);
comment on index memory.embeddings_collection_idx is 'For a page of a collection, the exact search in it, and counting it';
create index embeddings_conversation_id_idx on memory.embeddings (user_id, conversation_id)
  where conversation_id is not null;
comment on index memory.embeddings_conversation_id_idx is 'For the exact search in a conversation';
create index embeddings_metadata_idx on memory.embeddings using gin (user_id, metadata jsonb_path_ops)
  where metadata <> '{}';
comment on index memory.embeddings_metadata_idx is 'For the exact search by metadata';

-- What a search of embeddings finds.
create type models.near_row as (
  id              uuid,
  distance        double precision,
  way             text,
  content         text,
  metadata        jsonb,
  collection      text,
  message_id      uuid,
  memory_id       uuid,
  conversation_id uuid,
  embedding       real[],
  created_at      timestamptz
);

comment on type models.near_row is 'What a search of embeddings finds: a row, how far it is, and how it was found';

-- How many rows a user has of a model decides how a search goes, and has to be known without counting them.
create table memory.embedding_counts (
  user_id    uuid not null,
  model_id   integer not null,
  embeddings bigint not null,
  constraint embedding_counts_pkey primary key (user_id, model_id),
  constraint embedding_counts_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint embedding_counts_model_id_fkey foreign key (model_id) references memory.embedding_models (id) on delete cascade,
  constraint embedding_counts_embeddings_check check (embeddings >= 0)
) with (fillfactor = 50);

comment on table memory.embedding_counts is 'How many embeddings a user has of a model; kept by triggers';
comment on column memory.embedding_counts.user_id is 'Whose';
comment on column memory.embedding_counts.model_id is 'Of which model';
comment on column memory.embedding_counts.embeddings is 'How many';

create index embedding_counts_model_id_idx on memory.embedding_counts (model_id);
comment on index memory.embedding_counts_model_id_idx is 'For the totals of a model, and removing them with it';

-- At the end of a statement and in the order of the keys: whoever else writes for the same user waits for the commit
-- only, never for vectors to be put into an index.
create function memory.tg_embeddings__count_new()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into memory.embedding_counts as c (user_id, model_id, embeddings)
  select n.user_id, n.model_id, count(*) from new_rows n group by n.user_id, n.model_id order by n.user_id, n.model_id
  on conflict (user_id, model_id) do update set embeddings = c.embeddings + excluded.embeddings;
  return null;
end
$$;

comment on function memory.tg_embeddings__count_new() is 'Adds what a statement brought to memory.embedding_counts';

create function memory.tg_embeddings__count_gone()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_sort = off
as $$
declare
  v_user_id uuid;
  v_gone    record;
begin
  -- All of the user's, whatever went: in one transaction messages may go and then memories, with vectors of one model
  -- here and of another there, and the first statement takes what later ones need.
  for v_user_id in select distinct o.user_id from old_rows o order by o.user_id loop
    perform from memory.embedding_counts c
      where c.user_id between v_user_id and v_user_id
      order by c.user_id, c.model_id
        for no key update;
  end loop;
  -- "between", in an order that only one index has, and one by one: as in core.put_embeddings.
  for v_gone in select o.user_id, o.model_id, count(*) as embeddings from old_rows o group by o.user_id, o.model_id loop
    update memory.embedding_counts c set embeddings = c.embeddings - v_gone.embeddings
     where c.ctid = (select h.ctid from memory.embedding_counts h
                      where h.user_id between v_gone.user_id and v_gone.user_id and h.model_id = v_gone.model_id
                      order by h.user_id);
  end loop;
  return null;
end
$$;

comment on function memory.tg_embeddings__count_gone() is 'Takes what a statement removed off memory.embedding_counts';

create function memory.tg_embeddings__count_none()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from memory.embedding_counts c where tg_table_name in ('embeddings', format('embeddings_%s', c.model_id));
  return null;
end
$$;

comment on function memory.tg_embeddings__count_none() is 'Forgets the counts of a table or partition that was emptied';

create trigger _700_count_new after insert on memory.embeddings
  referencing new table as new_rows for each statement execute function memory.tg_embeddings__count_new();
create trigger _700_count_gone after delete on memory.embeddings
  referencing old table as old_rows for each statement execute function memory.tg_embeddings__count_gone();
create trigger _700_count_none after truncate on memory.embeddings
  for each statement execute function memory.tg_embeddings__count_none();

-- A text that was changed is not what its vectors say any more: they go, and the list of what is missing has it again.
create function memory.tg__forget_embeddings()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_sort = off
set enable_indexscan = on
set enable_bitmapscan = off
as $$
declare
  v_ids    uuid[];
  v_models integer[];
  v_places tid[];
begin
  -- "between", in an order that only one index has, and each by its key: as in core.put_embeddings.
  if tg_argv[0] = 'memory_id' then
    select array_agg(f.id order by f.id), array_agg(f.model_id order by f.id) into v_ids, v_models
      from (select k.id, k.model_id from memory.embeddings k
             where k.user_id = new.user_id and k.memory_id between new.id and new.id order by k.memory_id offset 0) f;
  else
    select array_agg(f.id order by f.id), array_agg(f.model_id order by f.id) into v_ids, v_models
      from (select k.id, k.model_id from memory.embeddings k
             where k.user_id = new.user_id and k.message_id between new.id and new.id order by k.message_id offset 0) f;
  end if;
  if v_ids is null then
    return null;
  end if;
  -- All are locked before the first goes: who changes one counts them after it.
  select array_agg(h.ctid) into v_places
    from unnest(v_ids, v_models) as f (id, model_id)
   cross join lateral (select e.ctid from memory.embeddings e
                        where e.user_id = new.user_id and e.model_id = f.model_id and e.id between f.id and f.id
                        order by e.id for update) h;
  -- They are held, so each stays in its place; and in one statement, as each is counted at its end. Without an index:
  -- planned among few rows, any of the user's would do.
  perform set_config('enable_indexscan', 'off', true);
  delete from memory.embeddings e
   where e.user_id = new.user_id and e.id = any (v_ids) and e.model_id = any (v_models) and e.ctid = any (v_places);
  return null;
end
$$;

comment on function memory.tg__forget_embeddings() is 'Removes the vectors of a text that was changed';

create trigger _700_forget_embeddings after update of content on chat.messages
  for each row when (old.content is distinct from new.content) execute function memory.tg__forget_embeddings('message_id');
create trigger _700_forget_embeddings after update of content on memory.semantic_memories
  for each row when (old.content is distinct from new.content) execute function memory.tg__forget_embeddings('memory_id');

------------------------------------------------------------------------------------------------------------------
-- Row policies.
------------------------------------------------------------------------------------------------------------------

do $$
declare
  v_table text;
begin
  foreach v_table in array array['memory.embeddings', 'memory.embedding_counts'] loop
    execute format('alter table %s enable row level security', v_table);
    execute format('alter table %s force row level security', v_table);
    execute format('create policy own_rows on %s to plinth_owner using (user_id = (select base.current_user_id()))', v_table);
    execute format('create policy operator_read on %s for select to plinth_operator using (true)', v_table);
    execute format('grant select on %s to plinth_operator', v_table);
  end loop;
end $$;

-- Searches filter by user themselves: their indexes are of no use under a policy. Triggers and jobs cross users.
create policy system_read on memory.embeddings for select to plinth_system using (true);
create policy system_delete on memory.embeddings for delete to plinth_system using (true);
-- To lock what is about to go, which takes the right to change it.
create policy system_update on memory.embeddings for update to plinth_system using (true);
grant select, update, delete on memory.embeddings to plinth_system;
create policy system_read on memory.embedding_counts for select to plinth_system using (true);
create policy system_insert on memory.embedding_counts for insert to plinth_system with check (true);
create policy system_update on memory.embedding_counts for update to plinth_system using (true);
create policy system_delete on memory.embedding_counts for delete to plinth_system using (true);
grant select, insert, update, delete on memory.embedding_counts to plinth_system;

-- Whoever makes a partition gives it these triggers, so their former owner has to be let in again.
grant create on schema memory to plinth_system;
alter function memory.tg_embeddings__count_new() owner to plinth_system;
alter function memory.tg_embeddings__count_gone() owner to plinth_system;
alter function memory.tg_embeddings__count_none() owner to plinth_system;
alter function memory.tg__forget_embeddings() owner to plinth_system;
revoke create on schema memory from plinth_system;
set local role plinth_system;
grant execute on function memory.tg_embeddings__count_new(), memory.tg_embeddings__count_gone(),
                          memory.tg_embeddings__count_none(), memory.tg__forget_embeddings() to plinth_owner;
set local role plinth_owner;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('memory', 'embedding_models', 'reference', 'the same models everywhere'),
  ('memory', 'embeddings',       'by-user', 'vectors of a user''s texts are with the user'),
  ('memory', 'embedding_counts', 'by-user', 'beside what it counts');

-- The text is exported, the numbers that a model made of it are not: they would be ten times as much and tell less.
insert into base.table_privacy (schema_name, table_name, personal, hidden) values
  ('memory', 'embeddings',       '{content,metadata,collection}', '{embedding,half_embedding}'),
  ('memory', 'embedding_counts', '{}', '{}');

-- db/schema/900_statistics.sql

-- How many rows the planner reckons a user to have. Most users have few and some have very many, and a plan that is
-- kept for any values is made for the usual one: where that one has a row, each index that begins with user_id looks as
-- good as the key, a foreign key's own query goes by whichever was made last, and whoever has many rows waits until all
-- of them are read to find one. With a hundred, only the key will do.
--
-- It counts from the next ANALYZE on. ops.prepare_partition takes it over.
do $$
declare
  v_table regclass;
begin
  for v_table in
    select c.oid
      from base.table_manifest m
      join pg_class c on coalesce(pg_partition_root(c.oid), c.oid) = format('%I.%I', m.schema_name, m.table_name)::regclass
     where m.class = 'by-user' and c.relkind in ('r', 'p')
       and exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'p' and cardinality(k.conkey) > 1)
     order by c.oid
  loop
    execute format('alter table only %s alter column user_id set (n_distinct = -0.01, n_distinct_inherited = -0.01)', v_table);
  end loop;
end $$;
