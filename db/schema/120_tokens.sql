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
