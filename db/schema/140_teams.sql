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
comment on column auth.preference_defaults.name is 'Path in the document: notifications.email is {"notifications": {"email": …}}';
comment on column auth.preference_defaults.type is 'boolean, integer, text, or object for whatever the application keeps there';
comment on column auth.preference_defaults.default_value is 'What holds until the user chooses';
comment on column auth.preference_defaults.allowed is 'Array of the values there are; NULL: any of the type';
comment on column auth.preference_defaults.minimum is 'Lowest number; for a text, characters at least';
comment on column auth.preference_defaults.maximum is 'Highest number; for a text, characters at most; for an object, bytes';
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
