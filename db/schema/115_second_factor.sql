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
