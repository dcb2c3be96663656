-- chat: what messages are searched by.
--
-- search holds the words of a message as its conversation's language reduces them, so that neither a search nor its
-- ranking parses any text. It lies in the row, because a search for a frequent word reads the newest rows one by one.

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('search.ranked', '200', 'integer', 50, 1000, 'Of how many newest hits a search shows the best first');

alter table chat.messages add column search tsvector not null default '';
comment on column chat.messages.search is 'Its words, in the language of its conversation; kept by a trigger';
-- In the row as long as it fits there, also where a long text is moved out.
alter table chat.messages alter column search set storage main;

-- The names of configurations are texts, because a column of type regconfig would forbid pg_upgrade. What no
-- configuration is called is searched as it is written.
create function chat.search_config(p_language text)
returns regconfig
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((select c.oid from pg_ts_config c
                    where c.cfgname = p_language and c.cfgnamespace = 'pg_catalog'::regnamespace),
                  'simple'::regconfig)
$$;

comment on function chat.search_config(text) is
  'The text search configuration of a language; simple for an unknown one';
grant execute on function chat.search_config(text) to plinth_system;

-- PostgreSQL's parser takes "numpy.array" and "/etc/hosts" for one word each, "<String>" for a tag and "&T;" for an
-- entity, which are none, "~50", "+49" and the end of "GPT-4" for words that are not 50, 49 and 4, and, where the
-- database's character type is C, every sign beyond ASCII for a letter: quotation marks, dashes, arrows, pictures. Here
-- all of these are what stands between words.
create function chat.search_text(p_text text)
returns text
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select translate(
    case when octet_length(p_text) = length(p_text) then p_text
         else regexp_replace(p_text, '[\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u2000-\u206f'
           '\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f\u3000-\u303f\ufe00-\ufe0f\ufe10-\ufe6f\uff01-\uff0f\uff1a-\uff20'
           '\uff3b-\uff40\uff5b-\uff65\U0001f000-\U0001faff]', ' ', 'g') end,
    '<./&~+-', '       ')
$$;

comment on function chat.search_text(text) is
  'A text as it is parsed for searching: signs that would hide words are blanks';
grant execute on function chat.search_text(text) to plinth_system;

-- A tsvector holds a megabyte at most, which 200,000 characters cannot exceed.
create function chat.tg_messages__keep_search()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  new.search := to_tsvector(
    chat.search_config((select c.language from chat.conversations c
                         where c.user_id = new.user_id and c.id = new.conversation_id)),
    chat.search_text(left(new.content, 200000)));
  return new;
end
$$;

comment on function chat.tg_messages__keep_search() is 'Keeps search beside content, whoever writes';

create trigger _300_keep_search before insert or update of content, conversation_id, search on chat.messages
  for each row execute function chat.tg_messages__keep_search();

create index messages_search_idx on chat.messages using gin (user_id, role, search, metadata jsonb_path_ops)
  with (gin_pending_list_limit = 1024);
comment on index chat.messages_search_idx is 'For search_messages: rare words, rare roles, and metadata';

update base.table_privacy set hidden = hidden || '{search}' where schema_name = 'chat' and table_name = 'messages';

------------------------------------------------------------------------------------------------------------------
-- A conversation that is said to be in another language: a job reads its messages and memories anew, some at a time.
------------------------------------------------------------------------------------------------------------------

create table chat.search_rebuilds (
  user_id         uuid not null,
  conversation_id uuid not null,
  after           uuid not null default '00000000-0000-0000-0000-000000000000',
  constraint search_rebuilds_pkey primary key (user_id, conversation_id),
  constraint search_rebuilds_conversation_id_fkey foreign key (user_id, conversation_id)
    references chat.conversations (user_id, id) on delete cascade
);

comment on table chat.search_rebuilds is 'Conversations whose messages and memories are to be read in another language';
comment on column chat.search_rebuilds.user_id is 'Whose conversation it is';
comment on column chat.search_rebuilds.conversation_id is 'The conversation';
comment on column chat.search_rebuilds.after is 'The last message or memory that was read; the next ones follow';

create function chat.tg_conversations__rebuild_search()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into chat.search_rebuilds (user_id, conversation_id) values (new.user_id, new.id)
  on conflict (user_id, conversation_id) do update set after = default;
  return null;
end
$$;

comment on function chat.tg_conversations__rebuild_search() is
  'Has the messages and memories of a conversation read anew';

create trigger _700_rebuild_search after update of language on chat.conversations
  for each row when (old.language is distinct from new.language)
  execute function chat.tg_conversations__rebuild_search();

alter table chat.search_rebuilds enable row level security;
alter table chat.search_rebuilds force row level security;
create policy operator_read on chat.search_rebuilds for select to plinth_operator using (true);
create policy own_rows on chat.search_rebuilds to plinth_owner using (user_id = (select base.current_user_id()));
create policy system_read on chat.search_rebuilds for select to plinth_system using (true);
create policy system_update on chat.search_rebuilds for update to plinth_system using (true);
create policy system_delete on chat.search_rebuilds for delete to plinth_system using (true);
grant select on chat.search_rebuilds to plinth_operator;
grant select, update, delete on chat.search_rebuilds to plinth_system;
create policy system_update on chat.messages for update to plinth_system using (true);
grant update on chat.messages to plinth_system;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('chat', 'search_rebuilds', 'by-user', 'beside their conversation');
insert into base.table_privacy (schema_name, table_name) values ('chat', 'search_rebuilds');
