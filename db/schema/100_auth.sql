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
