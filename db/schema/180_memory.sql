-- memory: what an application remembers of its users. A memory is one short text that holds for a time: a fact that
-- changes is closed and followed by a new row, never overwritten, so that what was known at any moment can be asked.

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('memory.batch_limit', '500', 'integer', 1, 10000, 'Memories one call may make'),
  -- Each leaves a line in the audit trail, which takes about a millisecond.
  ('memory.delete_limit', '1000', 'integer', 1, 100000, 'Memories that one call removes at most'),
  ('memory.expired_days', '7',  'integer', 0, 3650,  'Days an expired memory is kept, hidden; then it is removed'),
  ('memory.half_life_days', '30', 'integer', 1, 36500, 'Days after which the recency of a memory is half of what it was'),
  ('memory.compared_limit', '2000', 'integer', 100, 100000, 'So many memories a recall compares one by one; of more, candidates');

create table memory.semantic_memories (
  user_id           uuid not null,
  id                uuid not null default base.new_id(),
  conversation_id   uuid,
  kind              text not null default 'fact',
  content           text not null,
  importance        double precision not null default 0.5,
  metadata          jsonb not null default '{}',
  valid_from        timestamptz not null default now(),
  valid_to          timestamptz,
  supersedes        uuid,
  expires_at        timestamptz,
  qdrant_collection text,
  qdrant_point_id   text,
  recall_count      bigint not null default 0,
  last_recalled_at  timestamptz,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  version           integer not null default 1,
  search            tsvector not null default '',
  constraint semantic_memories_pkey primary key (user_id, id),
  constraint semantic_memories_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint semantic_memories_conversation_id_fkey foreign key (user_id, conversation_id)
    references chat.conversations (user_id, id) on delete cascade,
  constraint semantic_memories_supersedes_fkey foreign key (user_id, supersedes)
    references memory.semantic_memories (user_id, id) on delete set null (supersedes),
  constraint semantic_memories_user_id_supersedes_key unique (user_id, supersedes),
  constraint semantic_memories_user_id_qdrant_key unique (user_id, qdrant_collection, qdrant_point_id),
  constraint semantic_memories_kind_check check (kind ~ '^[a-z][a-z0-9_.-]{0,49}$'),
  constraint semantic_memories_content_check check (length(content) between 1 and 10000),
  constraint semantic_memories_importance_check check (importance between 0.000001 and 1 or importance = 0),
  constraint semantic_memories_metadata_check check (jsonb_typeof(metadata) = 'object'
                                                     and octet_length(metadata::text) <= 16384),
  constraint semantic_memories_valid_from_check check (valid_from between '0001-01-01 UTC' and '9999-12-31 23:59:59.999999 UTC'),
  constraint semantic_memories_valid_to_check check (valid_to between valid_from and '9999-12-31 23:59:59.999999 UTC'),
  constraint semantic_memories_supersedes_check check (supersedes <> id),
  constraint semantic_memories_expires_at_check check (expires_at between '0001-01-01 UTC' and '9999-12-31 23:59:59.999999 UTC'),
  constraint semantic_memories_qdrant_check check ((qdrant_collection is null) = (qdrant_point_id is null)),
  constraint semantic_memories_qdrant_collection_check check (length(qdrant_collection) between 1 and 255
                                                              and qdrant_collection !~ '[[:cntrl:]/]'),
  constraint semantic_memories_qdrant_point_id_check
    check (qdrant_point_id ~ '^([0-9]{1,20}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$'),
  constraint semantic_memories_recall_count_check check (recall_count >= 0)
) with (fillfactor = 90);

comment on table memory.semantic_memories is
  'What is remembered of users: short texts, each true for a time; their vectors are in memory.embeddings';
comment on column memory.semantic_memories.user_id is 'Whose memory it is';
comment on column memory.semantic_memories.id is 'Names the memory; a changed fact is another memory';
comment on column memory.semantic_memories.conversation_id is
  'The only conversation it counts in; NULL: in all. It goes with the conversation: without it, it would count everywhere';
comment on column memory.semantic_memories.kind is
  'What sort of memory it is, in the application''s own words: fact, preference, …';
comment on column memory.semantic_memories.content is 'What is remembered';
comment on column memory.semantic_memories.importance is 'How much it matters, from 0 to 1; counts in a recall';
comment on column memory.semantic_memories.metadata is
  'Whatever the application keeps with it; searched by containment';
comment on column memory.semantic_memories.valid_from is 'Since when it is true; recency counts from here';
comment on column memory.semantic_memories.valid_to is 'When it stopped being true; NULL: it still is';
comment on column memory.semantic_memories.supersedes is
  'The memory in whose place it came when the fact changed; one has one successor at most. Both go together';
comment on column memory.semantic_memories.expires_at is
  'From then on it is hidden as if it were gone, and later a job removes it; NULL: never';
comment on column memory.semantic_memories.qdrant_collection is
  'Collection of a Qdrant server that holds its vector, too';
comment on column memory.semantic_memories.qdrant_point_id is
  'Its point there: a number or a uuid; names one memory of a user';
comment on column memory.semantic_memories.recall_count is 'How often a recall brought it up';
comment on column memory.semantic_memories.last_recalled_at is 'When a recall last brought it up';
comment on column memory.semantic_memories.created_at is 'When it was written down';
comment on column memory.semantic_memories.updated_at is 'When it was last changed';
comment on column memory.semantic_memories.version is 'Grows with every change; for optimistic updates';

comment on column memory.semantic_memories.search is
  'Its words, in the language of its conversation, else the usual one; kept by a trigger';
-- In the row as long as it fits there: a recall compares the words of hundreds of rows.
alter table memory.semantic_memories alter column search set storage main;

create index semantic_memories_conversation_id_idx on memory.semantic_memories (user_id, conversation_id, valid_from);
comment on index memory.semantic_memories_conversation_id_idx is
  'For the newest that count in one conversation, or in all, and for erasing a conversation';
create index semantic_memories_importance_idx on memory.semantic_memories (user_id, conversation_id, importance);
comment on index memory.semantic_memories_importance_idx is 'For those that matter most, in one conversation or in all';
create index semantic_memories_kind_idx on memory.semantic_memories (user_id, kind, id);
comment on index memory.semantic_memories_kind_idx is 'For the memories of one kind';
create index semantic_memories_search_idx on memory.semantic_memories
  using gin (user_id, search, metadata jsonb_path_ops);
comment on index memory.semantic_memories_search_idx is
  'For the words of a user''s memories, and what metadata contain';
create index semantic_memories_expires_at_idx on memory.semantic_memories (expires_at) where expires_at is not null;
comment on index memory.semantic_memories_expires_at_idx is 'For core.cleanup_memories: what has expired';

create function memory.tg_semantic_memories__keep_search()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  new.search := to_tsvector(
    chat.search_config(coalesce((select c.language from chat.conversations c
                                  where c.user_id = new.user_id and c.id = new.conversation_id),
                                base.setting('chat.language'))),
    chat.search_text(new.content));
  return new;
end
$$;

comment on function memory.tg_semantic_memories__keep_search() is 'Keeps search beside content, whoever writes';

create trigger _300_keep_search before insert or update of content, conversation_id, search on memory.semantic_memories
  for each row execute function memory.tg_semantic_memories__keep_search();

-- What was recalled is no change. The trail names what of a memory changed or went and keeps none of its words: what a
-- user had forgotten is not to stand there. One line per memory that is made would only double the store.
create trigger _100_touch
  before update of conversation_id, kind, content, importance, metadata, valid_from, valid_to, supersedes, expires_at,
                   qdrant_collection, qdrant_point_id
  on memory.semantic_memories for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _800_audit
  after delete or update of conversation_id, kind, content, importance, metadata, valid_from, valid_to, expires_at,
                            qdrant_collection, qdrant_point_id
  on memory.semantic_memories for each row execute function ops.tg__audit('id', 'user_id', '{content,metadata,search}');

------------------------------------------------------------------------------------------------------------------
-- What recalls brought up. A recall is a read; counting it in the memories themselves would change a row, and often a
-- whole page, for each memory it found, and make recalls of the same memories wait for each other. So it adds one short
-- row here, and a job carries many of them over at once.
------------------------------------------------------------------------------------------------------------------

create table memory.recalls (
  user_id     uuid not null,
  id          uuid not null default base.new_id(),
  memory_ids  uuid[] not null,
  recalled_at timestamptz not null default now(),
  constraint recalls_pkey primary key (user_id, id),
  constraint recalls_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint recalls_memory_ids_check check (cardinality(memory_ids) between 1 and 200)
);

comment on table memory.recalls is 'What recalls brought up and is not counted yet; core.fold_recalls empties it';
comment on column memory.recalls.user_id is 'Whose memories';
comment on column memory.recalls.id is 'Names the recall';
comment on column memory.recalls.memory_ids is 'The memories it brought up';
comment on column memory.recalls.recalled_at is 'When';

------------------------------------------------------------------------------------------------------------------
-- Row policies.
------------------------------------------------------------------------------------------------------------------

do $$
declare
  v_table text;
begin
  foreach v_table in array array['semantic_memories', 'recalls'] loop
    execute format('alter table memory.%I enable row level security', v_table);
    execute format('alter table memory.%I force row level security', v_table);
    execute format('create policy own_rows on memory.%I to plinth_owner using (user_id = (select base.current_user_id()))',
                   v_table);
    execute format('create policy operator_read on memory.%I for select to plinth_operator using (true)', v_table);
    execute format('grant select on memory.%I to plinth_operator', v_table);
  end loop;
end $$;

-- Searches by text and metadata use indexes that policies switch off; jobs count and remove, whosever memory it is.
create policy system_read on memory.semantic_memories for select to plinth_system using (true);
create policy system_update on memory.semantic_memories for update to plinth_system using (true);
create policy system_delete on memory.semantic_memories for delete to plinth_system using (true);
grant select, update, delete on memory.semantic_memories to plinth_system;
create policy system_read on memory.recalls for select to plinth_system using (true);
create policy system_insert on memory.recalls for insert to plinth_system with check (true);
create policy system_update on memory.recalls for update to plinth_system using (true);
create policy system_delete on memory.recalls for delete to plinth_system using (true);
grant select, insert, update, delete on memory.recalls to plinth_system;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('memory', 'semantic_memories', 'by-user', 'what is remembered of a user is with the user'),
  ('memory', 'recalls',           'by-user', 'beside the memories');

insert into base.table_privacy (schema_name, table_name, personal, hidden, neutral) values
  ('memory', 'semantic_memories', '{content,metadata,kind,qdrant_collection,qdrant_point_id}', '{search}', '{}'),
  ('memory', 'recalls',           '{}', '{}', '{memory_ids}');
