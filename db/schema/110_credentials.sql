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
