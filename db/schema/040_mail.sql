-- ops: mail. Written in the transaction of what causes it, sent later by a worker, so that neither exists without the
-- other. The token of a link waits here encrypted, with a key that no dump and no login without it has, and is removed
-- when the message is sent.

create table ops.mail_kinds (
  kind           text not null,
  description    text not null,
  token_lifetime interval,
  keeps_older    boolean not null default false,
  constraint mail_kinds_pkey primary key (kind),
  constraint mail_kinds_kind_check check (kind ~ '^[a-z][a-z0-9_]{2,39}$'),
  constraint mail_kinds_token_lifetime_check check (token_lifetime between '1 minute' and '30 days')
);

comment on table ops.mail_kinds is 'Which messages there are, and which of them bring a link';
comment on column ops.mail_kinds.kind is 'Name; a link''s one-time token is of the same kind';
comment on column ops.mail_kinds.description is 'When it is sent, and to whom';
comment on column ops.mail_kinds.token_lifetime is 'How long its link works; NULL: it brings none';
comment on column ops.mail_kinds.keeps_older is 'Whether earlier links of this kind go on working beside a new one';

create table ops.mail_texts (
  kind     text not null,
  language text not null,
  subject  text not null,
  body     text not null,
  constraint mail_texts_pkey primary key (kind, language),
  constraint mail_texts_kind_fkey foreign key (kind) references ops.mail_kinds (kind) on delete cascade,
  constraint mail_texts_language_check check (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
  constraint mail_texts_subject_check check (length(subject) between 1 and 200 and subject !~ '[[:cntrl:]]'),
  constraint mail_texts_body_check check (length(body) between 1 and 20000)
);

comment on table ops.mail_texts is 'What the messages say, per language; {name} is replaced by a value';
comment on column ops.mail_texts.kind is 'Which message';
comment on column ops.mail_texts.language is 'Language tag such as en or pt-BR; en is there for every kind';
comment on column ops.mail_texts.subject is 'Subject';
comment on column ops.mail_texts.body is
  'Plain text. Known are {public_url}, {username}, {address}, of a link {token}, {days}, {hours}, {minutes}, and the payload';

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('mail.attempts',  '20', 'integer', 1,    100,  'Attempts after which a message is given up'),
  ('mail.keep_days', '30', 'integer', 1,    3650, 'Days after which a message that was sent or given up is removed'),
  ('mail.language',  'en', 'text',    null, null, 'Language of messages; en where a text is not there in it');

create table ops.outbox (
  user_id         uuid not null,
  id              uuid not null default base.new_id(),
  kind            text not null,
  language        text not null,
  address         text not null,
  payload         jsonb not null default '{}',
  token_id        uuid,
  token_encrypted bytea,
  dedup           text,
  created_at      timestamptz not null default now(),
  attempts        integer not null default 0,
  next_attempt_at timestamptz not null default clock_timestamp(),
  last_error      text,
  sent_at         timestamptz,
  given_up_at     timestamptz,
  constraint outbox_pkey primary key (user_id, id),
  constraint outbox_kind_fkey foreign key (kind) references ops.mail_kinds (kind) on delete restrict,
  constraint outbox_dedup_key unique (user_id, kind, dedup),
  constraint outbox_address_check check (length(address) <= 254 and address ~ '^[^@]+@[^@]+$'
                                         and address !~ '[[:space:][:cntrl:]<>(),;:\\"\[\]]'),
  constraint outbox_payload_check check (jsonb_typeof(payload) = 'object' and octet_length(payload::text) <= 4096),
  constraint outbox_end_check check (sent_at is null or given_up_at is null),
  constraint outbox_token_encrypted_check check (token_encrypted is null or sent_at is null and given_up_at is null)
);

comment on table ops.outbox is 'Messages to users: waiting, sent, or given up';
comment on column ops.outbox.user_id is 'The user it is about, who gets it';
comment on column ops.outbox.id is 'Ordered by time; its Message-ID, so that a message sent twice is known as one';
comment on column ops.outbox.kind is 'Which message';
comment on column ops.outbox.language is 'Language it was meant to be in';
comment on column ops.outbox.address is 'Where it goes, as it was when the message was caused';
comment on column ops.outbox.payload is 'Values its text and its link need; never a secret';
comment on column ops.outbox.token_id is 'The one-time token of its link';
comment on column ops.outbox.token_encrypted is 'That token''s text, encrypted; NULL as soon as it is sent or given up';
comment on column ops.outbox.dedup is 'A second message of the same kind with the same text here is not written';
comment on column ops.outbox.created_at is 'When it was caused';
comment on column ops.outbox.attempts is 'How often it was handed to a worker; numbers the attempt under way';
comment on column ops.outbox.next_attempt_at is
  'When it is due; whoever takes it moves this ahead, so that a message of a worker that died comes back';
comment on column ops.outbox.last_error is 'What the last attempt failed of';
comment on column ops.outbox.sent_at is 'When the mail server took it';
comment on column ops.outbox.given_up_at is 'When it was given up';

create index outbox_due_idx on ops.outbox (next_attempt_at) where sent_at is null and given_up_at is null;
comment on index ops.outbox_due_idx is 'For http.claim_mail';
create index outbox_done_idx on ops.outbox (created_at) where sent_at is not null or given_up_at is not null;
comment on index ops.outbox_done_idx is 'For core.cleanup_outbox';
create index outbox_address_idx on ops.outbox (lower(address));
comment on index ops.outbox_address_idx is 'For erasing whoever had the address';
create index outbox_kind_idx on ops.outbox (kind);
comment on index ops.outbox_kind_idx is 'For the foreign key';
create index outbox_token_id_idx on ops.outbox (user_id, token_id);
comment on index ops.outbox_token_id_idx is 'For the foreign key';

alter table ops.outbox enable row level security;
alter table ops.outbox force row level security;
create policy own_rows on ops.outbox to plinth_owner using (user_id = (select base.current_user_id()));
create policy operator_read on ops.outbox for select to plinth_operator using (true);
-- Messages are written before there is a caller, and sent for everybody.
create policy system_read on ops.outbox for select to plinth_system using (true);
create policy system_insert on ops.outbox for insert to plinth_system with check (true);
create policy system_update on ops.outbox for update to plinth_system using (true);
create policy system_delete on ops.outbox for delete to plinth_system using (true);
grant select, insert, update, delete on ops.outbox to plinth_system;
grant select on ops.mail_kinds to plinth_system;
grant select, insert, update on ops.mail_texts to plinth_system;
grant select on ops.mail_kinds, ops.mail_texts, ops.outbox to plinth_operator;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('ops', 'mail_kinds', 'reference', 'the same messages everywhere'),
  ('ops', 'mail_texts', 'reference', 'the same texts everywhere'),
  ('ops', 'outbox',     'by-user',   'caused by one user''s transaction');
insert into base.table_privacy (schema_name, table_name, address_column, personal, hidden, neutral) values
  ('ops', 'outbox', 'address', '{address,payload,dedup,last_error}', '{token_encrypted}', '{kind,language}');

-- Mail to an address nobody has proved to own says nothing that a stranger chose, not even the username: a mail
-- program would make a link of it.
insert into ops.mail_kinds (kind, description, token_lifetime, keeps_older) values
  ('verify_email',     'To an address that an account wants to use: after registration, on request, before a change',
   '24 hours', false),
  ('reset_password',   'To the account''s address, on request', '30 minutes', false),
  ('password_changed', 'To the account''s address, after every change of the password', null, false),
  ('email_changed',    'To the address an account had until now, if it was verified', '7 days', true),
  ('registration_with_your_address', 'To the owner of an address that somebody registered again', null, false),
  ('account_deleted',  'To the account''s address, when its owner deleted it', '30 days', false),
  ('change_to_your_address', 'To the owner of an address that another account wanted to change to', null, false);

insert into ops.mail_texts (kind, language, subject, body) values
  ('verify_email', 'en', 'Confirm your e-mail address',
'Hello,

somebody, we think you, gave this address for an account. To confirm it, open

{public_url}/account#verify-email={token}

The link works once, for {hours} hours. If it was not you, do nothing: without the link nothing happens.
'),
  ('reset_password', 'en', 'Choose a new password',
'Hello,

a new password was asked for, for your account. To choose one, open

{public_url}/account#reset-password={token}

The link works once, for {minutes} minutes. If it was not you, do nothing: your password stays as it is.
'),
  ('password_changed', 'en', 'Your password was changed',
'Hello,

the password of your account was changed, and it was signed out everywhere.

If it was not you, choose a new password at once:

{public_url}/account#forgot-password
'),
  ('email_changed', 'en', 'Your e-mail address was changed',
'Hello,

your account {username} has another e-mail address from now on: {new_address}

If it was not you, take it back with

{public_url}/account#revert-email={token}

That works once, for {days} days. It restores this address, signs out everywhere, revokes API keys, and makes the
password void: the link for a new one comes in another mail.
'),
  ('registration_with_your_address', 'en', 'You have an account already',
'Hello,

somebody, perhaps you, tried to register an account with this address. There is one already, and nothing was changed.

If you forgot the password, choose a new one:

{public_url}/account#forgot-password

If it was not you, do nothing.
'),
  ('account_deleted', 'en', 'Your account was deleted',
'Hello,

your account was deleted, and it was signed out everywhere. After a while everything that is kept with it is erased.

To have it back, open

{public_url}/account#restore-account={token}

The link works once, for {days} days at most.
'),
  ('change_to_your_address', 'en', 'This address belongs to your account',
'Hello,

somebody, perhaps you, wanted to use this address for another account. It belongs to yours, and nothing was changed.

If it was not you, do nothing.
');
