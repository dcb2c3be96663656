-- chat: conversations and their messages.
--
-- A message belongs to its user and its conversation; the database itself refuses one in another user's conversation.
-- The numbers of a conversation are kept by triggers, whoever writes.

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('chat.edit_limit',  '100',     'integer', 1,    10000, 'Former texts that are kept of one message'),
  ('chat.grace_days',  '30',      'integer', 0,    365,   'Days a deleted conversation can be restored; then it is erased'),
  ('chat.pin_limit',   '50',      'integer', 1,    1000,  'Pinned messages of one conversation: all are in its context window'),
  ('chat.window_bytes', '8388608', 'integer', 1048576, 67108864, 'Bytes of texts and calls in a context window'),
  ('chat.language',    'english', 'text',    null, null,  'Text search configuration of new conversations; see pg_ts_config');

create table chat.conversations (
  user_id            uuid not null,
  id                 uuid not null default base.new_id(),
  client_id          text,
  client_fingerprint bytea,
  title              text,
  status             text not null default 'active',
  model              text,
  language           text not null default base.setting('chat.language'),
  context            jsonb not null default '{}',
  metadata           jsonb not null default '{}',
  summary            text,
  summary_until      uuid,
  message_count      bigint not null default 0,
  prompt_tokens      bigint not null default 0,
  completion_tokens  bigint not null default 0,
  first_message_id   uuid,
  last_message_id    uuid,
  last_message_at    timestamptz,
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  deleted_at         timestamptz,
  erase_after        timestamptz,
  active_at          timestamptz not null generated always as (greatest(updated_at, last_message_at)) stored,
  active_hour        timestamptz not null generated always as (date_bin('1 hour', greatest(updated_at, last_message_at),
                                                                 timestamptz '2000-01-01 00:00:00+00')) stored,
  version            integer not null default 1,
  constraint conversations_pkey primary key (user_id, id),
  constraint conversations_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint conversations_client_id_check check (length(client_id) between 1 and 200 and client_id !~ '[[:cntrl:]]'),
  constraint conversations_client_fingerprint_check check ((client_id is null) = (client_fingerprint is null)),
  constraint conversations_title_check check (length(title) between 1 and 500),
  constraint conversations_status_check check (status in ('active', 'archived', 'deleted')),
  constraint conversations_model_check check (length(model) between 1 and 200),
  constraint conversations_context_check check (jsonb_typeof(context) = 'object' and octet_length(context::text) <= 65536),
  constraint conversations_metadata_check check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384),
  constraint conversations_summary_check check (length(summary) between 1 and 100000),
  constraint conversations_summary_until_check check ((summary is null) = (summary_until is null)),
  constraint conversations_message_count_check check (message_count >= 0),
  constraint conversations_prompt_tokens_check check (prompt_tokens >= 0),
  constraint conversations_completion_tokens_check check (completion_tokens >= 0),
  constraint conversations_deleted_at_check check ((status = 'deleted') = (deleted_at is not null)),
  constraint conversations_erase_after_check check ((status = 'deleted') = (erase_after is not null))
) with (fillfactor = 70);

comment on table chat.conversations is 'Conversations of users with models';
comment on column chat.conversations.user_id is 'Whose it is';
comment on column chat.conversations.id is 'The conversation';
comment on column chat.conversations.client_id is 'The application''s own name for it, unique per user';
comment on column chat.conversations.client_fingerprint is
  'SHA-256 of what it was made from, so that the same call is known again';
comment on column chat.conversations.title is 'What it is called';
comment on column chat.conversations.status is 'active, archived, or deleted (can be restored until erase_after)';
comment on column chat.conversations.model is 'The model it is held with, unless a message says otherwise';
comment on column chat.conversations.language is 'Text search configuration its messages are searched with';
comment on column chat.conversations.context is 'What the application hands to the model with it';
comment on column chat.conversations.metadata is 'Whatever the application wants to keep with it';
comment on column chat.conversations.summary is 'Running summary of the messages up to summary_until';
comment on column chat.conversations.summary_until is 'The last message that the summary covers';
comment on column chat.conversations.message_count is 'How many messages it has';
comment on column chat.conversations.prompt_tokens is 'Sum over its messages';
comment on column chat.conversations.completion_tokens is 'Sum over its messages';
comment on column chat.conversations.first_message_id is
  'Its oldest message; no message of it is in a partition before that';
comment on column chat.conversations.last_message_id is 'Its newest message';
comment on column chat.conversations.last_message_at is 'When that one was written';
comment on column chat.conversations.created_at is 'When it was begun';
comment on column chat.conversations.updated_at is 'When something but its messages last changed';
comment on column chat.conversations.deleted_at is 'When it was deleted';
comment on column chat.conversations.erase_after is
  'Until when it can be restored; -infinity: it is erased, and a job removes what is left';
comment on column chat.conversations.active_at is 'Its last message or change';
comment on column chat.conversations.active_hour is
  'The hour of that. Lists are ordered by an index on it, so that most messages change no index entry';
comment on column chat.conversations.version is
  'Grows with every change of what its owner sets; for optimistic updates';

-- These are partial, because an index that begins with the user and holds every row would, where most users have few
-- conversations, seem as good as the key to find one of them; for a user with many it is not.
create unique index conversations_client_id_idx on chat.conversations (user_id, client_id) where client_id is not null;
comment on index chat.conversations_client_id_idx is 'Names of applications are unique per user';
create index conversations_active_idx on chat.conversations (user_id, active_hour) where status = 'active';
comment on index chat.conversations_active_idx is 'For get_user_conversations, by last activity';
create index conversations_archived_idx on chat.conversations (user_id, active_hour) where status = 'archived';
comment on index chat.conversations_archived_idx is 'For get_user_conversations of archived ones';
create index conversations_deleted_idx on chat.conversations (user_id, active_hour) where status = 'deleted';
comment on index chat.conversations_deleted_idx is 'For get_user_conversations of deleted ones';
create index conversations_erase_after_idx on chat.conversations (erase_after) where erase_after is not null;
comment on index chat.conversations_erase_after_idx is 'For core.erase_deleted_conversations';
-- By day and not by active_hour, or a user's own list might be read from it.
create index conversations_recent_idx
  on chat.conversations (date_bin('1 day', active_hour, timestamptz '2000-01-01 00:00:00+00')) where status <> 'deleted';
comment on index chat.conversations_recent_idx is 'For v_recent_conversations';
create index conversations_metadata_idx on chat.conversations using gin (user_id, metadata jsonb_path_ops);
comment on index chat.conversations_metadata_idx is 'For conversations whose metadata contain something';
create index conversations_context_idx on chat.conversations using gin (user_id, context jsonb_path_ops);
comment on index chat.conversations_context_idx is 'For conversations whose context contains something';
create index conversations_title_idx on chat.conversations using gin (user_id, lower(title) ext.gin_trgm_ops);
comment on index chat.conversations_title_idx is 'For conversations with some words in the title';

-- The date of the erasure is fixed when it is deleted, so that a setting changed later breaks no promise.
create function chat.tg_conversations__keep_dates()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  new.deleted_at := case when new.status = 'deleted' then coalesce(new.deleted_at, clock_timestamp()) end;
  new.erase_after := case when new.status = 'deleted' then coalesce(new.erase_after,
    new.deleted_at + make_interval(days => base.setting('chat.grace_days')::integer)) end;
  return new;
end
$$;

comment on function chat.tg_conversations__keep_dates() is
  'Sets and clears deleted_at and erase_after as the status says';

create trigger _050_keep_dates before insert or update of status on chat.conversations
  for each row execute function chat.tg_conversations__keep_dates();
create trigger _100_touch before update of title, status, model, language, context, metadata on chat.conversations
  for each row when ((old.title, old.status, old.model, old.language, old.context, old.metadata)
                     is distinct from (new.title, new.status, new.model, new.language, new.context, new.metadata))
  execute function base.tg__touch();
create trigger _800_audit
  after insert or delete or update of title, status, model, language, context, metadata on chat.conversations
  for each row execute function ops.tg__audit('id', 'user_id',
    '{client_id,title,model,context,metadata,summary}',
    '{client_fingerprint,message_count,prompt_tokens,completion_tokens,first_message_id,last_message_id,last_message_at,
      active_at,active_hour}');

------------------------------------------------------------------------------------------------------------------
-- Messages. The id is ours and ordered by time, so it is what they are partitioned by and listed by. A message without
-- a parent follows, in the main line, the one before it; one with a parent is on a branch. A parent is older than its
-- answers, so there is no circle, and whatever path leads to a message, it is in the order of ids.
------------------------------------------------------------------------------------------------------------------

create table chat.messages (
  user_id           uuid not null,
  id                uuid not null default base.new_id(),
  conversation_id   uuid not null,
  parent_id         uuid,
  client_id         text,
  role              text not null,
  content           text not null default '',
  tool_calls        jsonb,
  tool_call_id      text,
  model             text,
  prompt_tokens     integer,
  completion_tokens integer,
  metadata          jsonb not null default '{}',
  pinned            boolean not null default false,
  created_at        timestamptz not null default clock_timestamp(),
  edited_at         timestamptz,
  updated_at        timestamptz not null default clock_timestamp(),
  version           integer not null default 1,
  constraint messages_pkey primary key (user_id, id),
  constraint messages_conversation_id_fkey foreign key (user_id, conversation_id)
    references chat.conversations (user_id, id) on delete cascade,
  constraint messages_parent_id_check check (parent_id < id),
  constraint messages_client_id_check check (length(client_id) between 1 and 200 and client_id !~ '[[:cntrl:]]'),
  constraint messages_role_check check (role in ('system', 'user', 'assistant', 'tool')),
  constraint messages_content_check check (length(content) <= 1000000 and (content <> '' or coalesce(tool_calls, '[]') <> '[]')
    and (octet_length(content) <= 174760 or octet_length(to_json(content)::text) <= 1048576)),
  constraint messages_tool_calls_check check (jsonb_typeof(tool_calls) = 'array' and octet_length(tool_calls::text) <= 262144),
  constraint messages_calls_are_objects_check check (not tool_calls @? '$[*] ? (@.type() != "object")'),
  constraint messages_assistant_calls_check check (role = 'assistant' or coalesce(tool_calls, '[]') = '[]'),
  constraint messages_tool_call_id_check check (length(tool_call_id) between 1 and 200),
  constraint messages_model_check check (length(model) between 1 and 200),
  constraint messages_prompt_tokens_check check (prompt_tokens >= 0),
  constraint messages_completion_tokens_check check (completion_tokens >= 0),
  constraint messages_metadata_check check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384)
) partition by range (id);

comment on table chat.messages is 'What was said in conversations';
comment on column chat.messages.user_id is 'Whose conversation it is in';
comment on column chat.messages.id is 'The message; ordered by time, imported ones by the time they tell';
comment on column chat.messages.conversation_id is 'The conversation';
comment on column chat.messages.parent_id is
  'The message it answers on a branch; NULL: the one before it in the main line';
comment on column chat.messages.client_id is 'The application''s own name for it, unique per user';
comment on column chat.messages.role is 'Who speaks: system, user, assistant or tool';
comment on column chat.messages.content is 'The text';
comment on column chat.messages.tool_calls is 'Calls of tools that the model asks for';
comment on column chat.messages.tool_call_id is 'The call that this is the result of';
comment on column chat.messages.model is 'The model that wrote it';
comment on column chat.messages.prompt_tokens is 'Tokens sent to the model for it';
comment on column chat.messages.completion_tokens is 'Tokens the model answered with';
comment on column chat.messages.metadata is 'Whatever the application wants to keep with it';
comment on column chat.messages.pinned is 'Whether it is always part of the context window';
comment on column chat.messages.created_at is 'When it was written';
comment on column chat.messages.edited_at is 'When its text last changed; NULL: never';
comment on column chat.messages.updated_at is 'When anything of it last changed';
comment on column chat.messages.version is 'Grows with every change; for optimistic updates';

create index messages_conversation_id_idx on chat.messages (user_id, conversation_id, id);
comment on index chat.messages_conversation_id_idx is
  'For the messages of a conversation in order; and the foreign key';
create index messages_pinned_idx on chat.messages (user_id, conversation_id, id) where pinned;
comment on index chat.messages_pinned_idx is 'For the pinned messages of a conversation';
create index messages_parent_id_idx on chat.messages (user_id, parent_id) where parent_id is not null;
comment on index chat.messages_parent_id_idx is 'For the answers to a message';

-- A unique index over partitions would have to hold the id; the same name may come with another one.
create table chat.message_client_ids (
  user_id     uuid not null,
  client_id   text not null,
  message_id  uuid not null,
  fingerprint bytea not null,
  constraint message_client_ids_pkey primary key (user_id, client_id),
  constraint message_client_ids_message_id_fkey foreign key (user_id, message_id)
    references chat.messages (user_id, id) on delete cascade,
  constraint message_client_ids_client_id_check check (length(client_id) between 1 and 200 and client_id !~ '[[:cntrl:]]')
);

comment on table chat.message_client_ids is 'Applications'' own names for messages, each of which leads to one message';
comment on column chat.message_client_ids.user_id is 'Whose message it is';
comment on column chat.message_client_ids.client_id is 'The name';
comment on column chat.message_client_ids.message_id is 'The message';
comment on column chat.message_client_ids.fingerprint is
  'SHA-256 of what it was made from: the same call is known again';

create index message_client_ids_message_id_idx on chat.message_client_ids (user_id, message_id);
comment on index chat.message_client_ids_message_id_idx is 'For the foreign key';

create table chat.message_edits (
  user_id    uuid not null,
  message_id uuid not null,
  version    integer not null,
  content    text not null,
  tool_calls jsonb,
  written_at timestamptz not null,
  edited_at  timestamptz not null default clock_timestamp(),
  constraint message_edits_pkey primary key (user_id, message_id, version),
  constraint message_edits_message_id_fkey foreign key (user_id, message_id)
    references chat.messages (user_id, id) on delete cascade
);

comment on table chat.message_edits is 'Former texts of messages';
comment on column chat.message_edits.user_id is 'Whose message it is';
comment on column chat.message_edits.message_id is 'The message';
comment on column chat.message_edits.version is 'The version of the message that had this text';
comment on column chat.message_edits.content is 'The text it had';
comment on column chat.message_edits.tool_calls is 'The calls of tools it had';
comment on column chat.message_edits.written_at is 'Since when it had them';
comment on column chat.message_edits.edited_at is 'When they were replaced';

create function chat.tg_messages__keep_edit()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  new.edited_at := clock_timestamp();
  insert into chat.message_edits (user_id, message_id, version, content, tool_calls, written_at, edited_at)
  values (old.user_id, old.id, old.version, old.content, old.tool_calls, coalesce(old.edited_at, old.created_at),
          new.edited_at);
  return new;
end
$$;

comment on function chat.tg_messages__keep_edit() is 'Keeps the text that a message had, whoever changes it';

-- A parent is in the same conversation, which a foreign key could not say. Nor could it be afforded: as it asks every
-- partition for the answers to each message that goes, three quarters of erasing a long conversation were its own. Who
-- writes and who removes have the conversation's row locked, so neither passes the other by.
create function chat.tg_messages__check_parent()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from chat.messages m
    where m.user_id = new.user_id and m.id = new.parent_id and m.conversation_id = new.conversation_id;
  if not found then
    perform base.raise('NF001', 'There is no such message in this conversation', 'parent_id');
  end if;
  return null;
end
$$;

comment on function chat.tg_messages__check_parent() is 'Refuses a parent that is not in the conversation';

-- One statement, one update of the conversation, however many messages it wrote. Where it wrote into several, it takes
-- them in the order of their key, so that two such statements wait for each other and never deadlock.
create function chat.tg_messages__count_new()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_new record;
begin
  for v_new in
    select r.user_id, r.conversation_id, count(*) as messages, coalesce(sum(r.prompt_tokens), 0) as prompt_tokens,
           coalesce(sum(r.completion_tokens), 0) as completion_tokens, (array_agg(r.id order by r.id))[1] as first_id,
           (array_agg(r.id order by r.id desc))[1] as last_id, max(r.created_at) as last_at
      from new_rows r
     group by r.user_id, r.conversation_id
     order by r.user_id, r.conversation_id
  loop
    update chat.conversations c
       set message_count = c.message_count + v_new.messages,
           prompt_tokens = c.prompt_tokens + v_new.prompt_tokens,
           completion_tokens = c.completion_tokens + v_new.completion_tokens,
           first_message_id = least(c.first_message_id, v_new.first_id),
           last_message_id = greatest(c.last_message_id, v_new.last_id),
           last_message_at = case when v_new.last_id < c.last_message_id then c.last_message_at else v_new.last_at end
     where c.user_id = v_new.user_id and c.id = v_new.conversation_id;
  end loop;
  return null;
end
$$;

comment on function chat.tg_messages__count_new() is 'Adds new messages to the numbers of their conversations';

create function chat.tg_messages__count_changed()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_more record;
begin
  for v_more in
    select r.user_id, r.conversation_id, sum(r.prompt_tokens) as prompt_tokens,
           sum(r.completion_tokens) as completion_tokens
      from (select n.user_id, n.conversation_id, coalesce(n.prompt_tokens, 0) as prompt_tokens,
                   coalesce(n.completion_tokens, 0) as completion_tokens
              from new_rows n
            union all
            select o.user_id, o.conversation_id, -coalesce(o.prompt_tokens, 0), -coalesce(o.completion_tokens, 0)
              from old_rows o) r
     group by r.user_id, r.conversation_id
    having sum(r.prompt_tokens) <> 0 or sum(r.completion_tokens) <> 0
     order by r.user_id, r.conversation_id
  loop
    update chat.conversations c
       set prompt_tokens = c.prompt_tokens + v_more.prompt_tokens,
           completion_tokens = c.completion_tokens + v_more.completion_tokens
     where c.user_id = v_more.user_id and c.id = v_more.conversation_id;
  end loop;
  return null;
end
$$;

comment on function chat.tg_messages__count_changed() is 'Carries changed numbers of tokens over to the conversations';

-- Where the first or the last message went, another takes its place. It is looked for between what were the bounds, so
-- that partitions beyond them are not opened. What is left without a parent goes to the main line.
create function chat.tg_messages__count_gone()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_gone record;
  v_was  chat.conversations;
begin
  for v_gone in
    select r.user_id, r.conversation_id, array_agg(r.id) as ids, count(*) as messages,
           coalesce(sum(r.prompt_tokens), 0) as prompt_tokens,
           coalesce(sum(r.completion_tokens), 0) as completion_tokens, (array_agg(r.id order by r.id))[1] as first_id,
           (array_agg(r.id order by r.id desc))[1] as last_id
      from old_rows r
     group by r.user_id, r.conversation_id
     order by r.user_id, r.conversation_id
  loop
    select c.* into v_was from chat.conversations c
     where c.user_id = v_gone.user_id and c.id = v_gone.conversation_id for no key update;
    continue when not found;  -- it is going itself

    update chat.messages m set parent_id = null
     where m.user_id = v_gone.user_id and m.parent_id = any (v_gone.ids);
    if v_gone.first_id = v_was.first_message_id then
      v_was.first_message_id := (
        select m.id from chat.messages m
         where m.user_id = v_gone.user_id and m.conversation_id = v_gone.conversation_id
           and m.id > v_gone.first_id and m.id <= v_was.last_message_id
         order by m.id limit 1);
    end if;
    if v_gone.last_id = v_was.last_message_id then
      select m.id, m.created_at into v_was.last_message_id, v_was.last_message_at from chat.messages m
       where m.user_id = v_gone.user_id and m.conversation_id = v_gone.conversation_id
         and m.id < v_gone.last_id and m.id >= v_was.first_message_id
       order by m.id desc limit 1;
    end if;

    update chat.conversations c
       set message_count = c.message_count - v_gone.messages,
           prompt_tokens = c.prompt_tokens - v_gone.prompt_tokens,
           completion_tokens = c.completion_tokens - v_gone.completion_tokens,
           first_message_id = v_was.first_message_id,
           last_message_id = v_was.last_message_id,
           last_message_at = v_was.last_message_at
     where c.user_id = v_gone.user_id and c.id = v_gone.conversation_id;
  end loop;
  return null;
end
$$;

comment on function chat.tg_messages__count_gone() is
  'Takes removed messages out of the numbers of their conversations';

create trigger _100_touch
  before update of parent_id, role, content, tool_calls, tool_call_id, model, prompt_tokens, completion_tokens, metadata,
                   pinned
  on chat.messages for each row
  when ((old.parent_id, old.role, old.content, old.tool_calls, old.tool_call_id, old.model, old.prompt_tokens,
         old.completion_tokens, old.metadata, old.pinned)
        is distinct from (new.parent_id, new.role, new.content, new.tool_calls, new.tool_call_id, new.model,
                          new.prompt_tokens, new.completion_tokens, new.metadata, new.pinned))
  execute function base.tg__touch();
create trigger _200_keep_edit before update of content, tool_calls on chat.messages
  for each row when ((old.content, old.tool_calls) is distinct from (new.content, new.tool_calls))
  execute function chat.tg_messages__keep_edit();
create trigger _500_check_parent after insert or update of parent_id on chat.messages
  for each row when (new.parent_id is not null) execute function chat.tg_messages__check_parent();
create trigger _600_count_new after insert on chat.messages
  referencing new table as new_rows for each statement execute function chat.tg_messages__count_new();
create trigger _600_count_changed after update on chat.messages
  referencing old table as old_rows new table as new_rows
  for each statement execute function chat.tg_messages__count_changed();
create trigger _600_count_gone after delete on chat.messages
  referencing old table as old_rows for each statement execute function chat.tg_messages__count_gone();
create trigger _800_audit after update of content, tool_calls on chat.messages
  for each row execute function ops.tg__audit('id', 'user_id', '{content,tool_calls}', '{edited_at,search}');

do $$
declare
  v_table text;
begin
  foreach v_table in array array['conversations', 'messages', 'message_client_ids', 'message_edits'] loop
    execute format('alter table chat.%I enable row level security', v_table);
    execute format('alter table chat.%I force row level security', v_table);
    execute format('create policy operator_read on chat.%I for select to plinth_operator using (true)', v_table);
    execute format('create policy own_rows on chat.%I to plinth_owner using (user_id = (select base.current_user_id()))',
                   v_table);
    execute format('grant select on chat.%I to plinth_operator', v_table);
  end loop;
end $$;

-- Searching, and what a job erases, cross users or ask for operators that policies would keep from the indexes. What is
-- kept by triggers is kept whoever writes.
create policy system_read on chat.conversations for select to plinth_system using (true);
create policy system_update on chat.conversations for update to plinth_system using (true);
create policy system_delete on chat.conversations for delete to plinth_system using (true);
create policy system_read on chat.messages for select to plinth_system using (true);
create policy system_delete on chat.messages for delete to plinth_system using (true);
create policy system_insert on chat.message_edits for insert to plinth_system with check (true);
grant select, update, delete on chat.conversations to plinth_system;
grant select, delete on chat.messages to plinth_system;
grant insert on chat.message_edits to plinth_system;
grant create on schema chat to plinth_system;
alter function chat.tg_messages__check_parent() owner to plinth_system;
alter function chat.tg_messages__count_new() owner to plinth_system;
alter function chat.tg_messages__count_changed() owner to plinth_system;
alter function chat.tg_messages__count_gone() owner to plinth_system;
alter function chat.tg_messages__keep_edit() owner to plinth_system;
revoke create on schema chat from plinth_system;
-- Whoever makes a partition gives it these triggers.
set local role plinth_system;
grant execute on function chat.tg_messages__count_new(), chat.tg_messages__count_changed(), chat.tg_messages__count_gone(),
  chat.tg_messages__check_parent(), chat.tg_messages__keep_edit() to plinth_owner;
set local role plinth_owner;

-- What is older than the installation is imported history; one partition holds all of it.
insert into ops.partitioned_tables (name, step, ahead) values ('chat.messages', 'quarter', 2);
select ops.make_partition('chat.messages', 'messages_default', null, null),
       ops.make_partition('chat.messages', 'messages_before', '00000000-0000-0000-0000-000000000000',
                          base.first_id(date_trunc('quarter', now(), 'UTC')));
select ops.make_partitions();

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('chat', 'conversations',      'by-user', 'a user''s conversations'),
  ('chat', 'messages',           'by-user', 'beside their conversation'),
  ('chat', 'message_client_ids', 'by-user', 'beside their message'),
  ('chat', 'message_edits',      'by-user', 'beside their message');
insert into base.table_privacy (schema_name, table_name, personal, hidden, neutral) values
  ('chat', 'conversations', '{client_id,title,context,metadata,summary}', '{client_fingerprint}', '{status,model,language}'),
  ('chat', 'messages', '{client_id,content,tool_calls,tool_call_id,metadata}', '{}', '{role,model}'),
  ('chat', 'message_client_ids', '{client_id}', '{fingerprint}', '{}'),
  ('chat', 'message_edits', '{content,tool_calls}', '{}', '{}');
