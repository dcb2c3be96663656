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
