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
