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
