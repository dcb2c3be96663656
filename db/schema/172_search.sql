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

-- PostgreSQL's parser takes "numpy.array" and "/etc/hosts" for one word each, "<String>" for a tag, which is none, and,
-- where the database's character type is C, every sign beyond ASCII for a letter: quotation marks, dashes, arrows,
-- pictures. Here all of these are what stands between words.
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
    '<./', '   ')
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

create index messages_search_idx on chat.messages using gin (user_id, role, search, metadata jsonb_path_ops);
comment on index chat.messages_search_idx is 'For search_messages: rare words, rare roles, and metadata';

update base.table_privacy set hidden = hidden || '{search}' where schema_name = 'chat' and table_name = 'messages';
