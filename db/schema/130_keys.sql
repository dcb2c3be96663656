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
