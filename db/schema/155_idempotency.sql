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
