-- memory: vectors of texts, and what is known of the models that make them. Each model has its own partition, and on it
-- an index of its own type: so models of any length lie in one table, a new one is in nobody's way, and one that is
-- replaced goes at once.

insert into base.settings (name, value, type, minimum, maximum, description) values
  ('embeddings.batch_limit', '1000', 'integer', 1, 10000, 'Embeddings one call may bring'),
  ('embeddings.model_limit', '50',   'integer', 1, 1000,  'Embedding models there may be; each is a partition');

insert into auth.permissions (name, description) values
  ('embeddings:manage', 'Register, change and drop embedding models');

create table memory.embedding_models (
  id                   integer generated always as identity,
  name                 text not null,
  description          text not null default '',
  dimensions           integer not null,
  metric               text not null default 'cosine',
  storage              text not null default 'vector',
  index_kind           text not null default 'hnsw',
  hnsw_m               integer not null default 16,
  hnsw_ef_construction integer not null default 128,
  hnsw_ef_search       integer not null default 100,
  ivfflat_lists        integer not null default 100,
  ivfflat_probes       integer not null default 10,
  state                text not null default 'active',
  is_default           boolean not null default false,
  created_at           timestamptz not null default now(),
  updated_at           timestamptz not null default now(),
  version              integer not null default 1,
  constraint embedding_models_pkey primary key (id),
  constraint embedding_models_name_key unique (name),
  constraint embedding_models_name_check check (name ~ '^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$'),
  constraint embedding_models_description_check check (length(description) <= 500),
  constraint embedding_models_dimensions_check check (dimensions between 1 and 4000),
  constraint embedding_models_metric_check check (metric in ('cosine', 'l2', 'inner_product')),
  constraint embedding_models_storage_check check (storage = 'halfvec' or storage = 'vector' and dimensions <= 2000),
  constraint embedding_models_index_kind_check check (index_kind in ('hnsw', 'ivfflat', 'none')),
  constraint embedding_models_hnsw_m_check check (hnsw_m between 2 and 100),
  -- Halved, because twice an absurd hnsw_m is no integer any more.
  constraint embedding_models_hnsw_ef_construction_check
    check (hnsw_ef_construction between 4 and 1000 and (hnsw_ef_construction / 2 >= hnsw_m or hnsw_m > 100)),
  constraint embedding_models_hnsw_ef_search_check check (hnsw_ef_search between 1 and 1000),
  constraint embedding_models_ivfflat_lists_check check (ivfflat_lists between 1 and 32768),
  constraint embedding_models_ivfflat_probes_check check (ivfflat_probes between 1 and ivfflat_lists),
  constraint embedding_models_state_check check (state in ('active', 'retired')),
  constraint embedding_models_is_default_check check (state = 'active' or not is_default)
);

comment on table memory.embedding_models is
  'The models whose vectors are kept; each has its partition of memory.embeddings';
comment on column memory.embedding_models.id is 'Names its partition: memory.embeddings_<id>';
comment on column memory.embedding_models.name is 'Its name, as callers say it';
comment on column memory.embedding_models.description is 'What it is for';
comment on column memory.embedding_models.dimensions is 'How many numbers its vectors have';
comment on column memory.embedding_models.metric is 'How two vectors are compared: cosine, l2 or inner_product';
comment on column memory.embedding_models.storage is
  'vector: four bytes a number, up to 2,000 of them; halfvec: two bytes, up to 4,000';
comment on column memory.embedding_models.index_kind is 'The index it should have: hnsw, ivfflat or none';
comment on column memory.embedding_models.hnsw_m is 'hnsw: neighbours of each point';
comment on column memory.embedding_models.hnsw_ef_construction is 'hnsw: candidates looked at when a point is added';
comment on column memory.embedding_models.hnsw_ef_search is
  'hnsw: candidates a search looks at; more find more of the true neighbours and take longer';
comment on column memory.embedding_models.ivfflat_lists is 'ivfflat: how many lists; about rows / 1,000';
comment on column memory.embedding_models.ivfflat_probes is
  'ivfflat: lists a search looks at; more find more of the true neighbours and take longer';
comment on column memory.embedding_models.state is 'active; retired: searched, but nothing is added any more';
comment on column memory.embedding_models.is_default is 'Whether it is meant where no model is named; one at most';
comment on column memory.embedding_models.created_at is 'When it was registered';
comment on column memory.embedding_models.updated_at is 'When it was last changed';
comment on column memory.embedding_models.version is 'Grows with every change; for optimistic updates';

create unique index embedding_models_is_default_idx on memory.embedding_models (is_default) where is_default;
comment on index memory.embedding_models_is_default_idx is 'One default at most';

create trigger _200_touch before update on memory.embedding_models
  for each row when (old.* is distinct from new.*) execute function base.tg__touch();
create trigger _800_audit after insert or update or delete on memory.embedding_models
  for each row execute function ops.tg__audit('name', 'user_id');

grant select on memory.embedding_models to plinth_system, plinth_operator;

-- One row is one vector of one text by one model. The text lies with it: what is found can be shown without asking
-- anybody else. A partition cannot have another type than its table, so both types are columns and a row has one; a
-- column that is NULL takes no room.
create table memory.embeddings (
  user_id         uuid not null,
  id              uuid not null default base.new_id(),
  model_id        integer not null,
  message_id      uuid,
  memory_id       uuid,
  conversation_id uuid,
  content_digest    uuid not null generated always as (md5(content)::uuid) stored,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  collection      text not null default '',
  content         text not null,
  metadata        jsonb not null default '{}',
  embedding       ext.vector,
  half_embedding  ext.halfvec,
  constraint embeddings_pkey primary key (user_id, id, model_id),
  constraint embeddings_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint embeddings_message_id_fkey foreign key (user_id, message_id)
    references chat.messages (user_id, id) on delete cascade,
  constraint embeddings_memory_id_fkey foreign key (user_id, memory_id)
    references memory.semantic_memories (user_id, id) on delete cascade,
  constraint embeddings_content_digest_key
    unique nulls not distinct (user_id, content_digest, collection, message_id, memory_id, model_id),
  constraint embeddings_memory_id_check check (memory_id is null or message_id is null),
  constraint embeddings_conversation_id_check
    check (conversation_id is null or message_id is not null or memory_id is not null),
  constraint embeddings_collection_check check (length(collection) <= 100),
  constraint embeddings_content_check check (length(content) between 1 and 100000),
  constraint embeddings_metadata_check check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384),
  constraint embeddings_embedding_check check (num_nonnulls(embedding, half_embedding) = 1)
) partition by list (model_id);

alter table memory.embeddings alter embedding set storage main;
alter table memory.embeddings alter half_embedding set storage main;
alter table memory.embeddings alter collection set storage main;
alter table memory.embeddings alter metadata set storage main;

comment on table memory.embeddings is 'Vectors of texts, one partition per model';
comment on column memory.embeddings.user_id is 'Whose text it is';
comment on column memory.embeddings.id is 'Names the row';
comment on column memory.embeddings.model_id is 'The model that made the vector';
comment on column memory.embeddings.message_id is 'The message the text is of, or a part of; it goes with the message';
comment on column memory.embeddings.memory_id is 'The memory the text is of; it goes with the memory';
comment on column memory.embeddings.conversation_id is
  'The conversation of that message or memory, a copy: a search within one conversation needs no join';
comment on column memory.embeddings.content_digest is
  'Digest of the text: the same text for the same thing is kept once, however often it comes';
comment on column memory.embeddings.created_at is 'When it came';
comment on column memory.embeddings.updated_at is 'When its vector or metadata was last replaced';
comment on column memory.embeddings.collection is 'Groups texts in the application''s own words; empty: none';
comment on column memory.embeddings.content is 'The text the vector was made of';
comment on column memory.embeddings.metadata is 'Whatever the application keeps with it; searched by containment';
comment on column memory.embeddings.embedding is 'The vector, of a model stored as vector';
comment on column memory.embeddings.half_embedding is 'The vector, of a model stored as halfvec';

create index embeddings_message_id_idx on memory.embeddings (user_id, message_id) where message_id is not null;
comment on index memory.embeddings_message_id_idx is 'For the vectors of a message, and removing them with it';
create index embeddings_memory_id_idx on memory.embeddings (user_id, memory_id) where memory_id is not null;
comment on index memory.embeddings_memory_id_idx is 'For the vectors of a memory, and removing them with it';
-- Each row is in one of these, so that a page of a kind that is rare is not looked for among all. Put like this, as
-- "is not null" would make them fit for what names a message or memory, such as a foreign key's own query: planned
-- among few rows, that would read all of the user's for each message that goes.
create index embeddings_messages_idx on memory.embeddings (user_id, id) where (message_id is null) is false;
comment on index memory.embeddings_messages_idx is 'For a page of the vectors of messages';
create index embeddings_memories_idx on memory.embeddings (user_id, id) where (memory_id is null) is false;
comment on index memory.embeddings_memories_idx is 'For a page of the vectors of memories';
create index embeddings_texts_idx on memory.embeddings (user_id, id) where message_id is null and memory_id is null;
comment on index memory.embeddings_texts_idx is 'For a page of the vectors of neither';
create index embeddings_collection_idx on memory.embeddings (user_id, collection, id);
comment on index memory.embeddings_collection_idx is 'For a page of a collection, the exact search in it, and counting it';
create index embeddings_conversation_id_idx on memory.embeddings (user_id, conversation_id)
  where conversation_id is not null;
comment on index memory.embeddings_conversation_id_idx is 'For the exact search in a conversation';
create index embeddings_metadata_idx on memory.embeddings using gin (user_id, metadata jsonb_path_ops)
  where metadata <> '{}';
comment on index memory.embeddings_metadata_idx is 'For the exact search by metadata';

-- What a search of embeddings finds.
create type models.near_row as (
  id              uuid,
  distance        double precision,
  way             text,
  content         text,
  metadata        jsonb,
  collection      text,
  message_id      uuid,
  memory_id       uuid,
  conversation_id uuid,
  embedding       real[],
  created_at      timestamptz
);

comment on type models.near_row is 'What a search of embeddings finds: a row, how far it is, and how it was found';

-- How many rows a user has of a model decides how a search goes, and has to be known without counting them.
create table memory.embedding_counts (
  user_id    uuid not null,
  model_id   integer not null,
  embeddings bigint not null,
  constraint embedding_counts_pkey primary key (user_id, model_id),
  constraint embedding_counts_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint embedding_counts_model_id_fkey foreign key (model_id) references memory.embedding_models (id) on delete cascade,
  constraint embedding_counts_embeddings_check check (embeddings >= 0)
) with (fillfactor = 50);

comment on table memory.embedding_counts is 'How many embeddings a user has of a model; kept by triggers';
comment on column memory.embedding_counts.user_id is 'Whose';
comment on column memory.embedding_counts.model_id is 'Of which model';
comment on column memory.embedding_counts.embeddings is 'How many';

create index embedding_counts_model_id_idx on memory.embedding_counts (model_id);
comment on index memory.embedding_counts_model_id_idx is 'For the totals of a model, and removing them with it';

-- At the end of a statement and in the order of the keys: whoever else writes for the same user waits for the commit
-- only, never for vectors to be put into an index.
create function memory.tg_embeddings__count_new()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into memory.embedding_counts as c (user_id, model_id, embeddings)
  select n.user_id, n.model_id, count(*) from new_rows n group by n.user_id, n.model_id order by n.user_id, n.model_id
  on conflict (user_id, model_id) do update set embeddings = c.embeddings + excluded.embeddings;
  return null;
end
$$;

comment on function memory.tg_embeddings__count_new() is 'Adds what a statement brought to memory.embedding_counts';

create function memory.tg_embeddings__count_gone()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_sort = off
as $$
declare
  v_user_id uuid;
  v_gone    record;
begin
  -- All of the user's, whatever went: in one transaction messages may go and then memories, with vectors of one model
  -- here and of another there, and the first statement takes what later ones need.
  for v_user_id in select distinct o.user_id from old_rows o order by o.user_id loop
    perform from memory.embedding_counts c
      where c.user_id between v_user_id and v_user_id
      order by c.user_id, c.model_id
        for no key update;
  end loop;
  -- "between", in an order that only one index has, and one by one: as in core.put_embeddings.
  for v_gone in select o.user_id, o.model_id, count(*) as embeddings from old_rows o group by o.user_id, o.model_id loop
    update memory.embedding_counts c set embeddings = c.embeddings - v_gone.embeddings
     where c.ctid = (select h.ctid from memory.embedding_counts h
                      where h.user_id between v_gone.user_id and v_gone.user_id and h.model_id = v_gone.model_id
                      order by h.user_id);
  end loop;
  return null;
end
$$;

comment on function memory.tg_embeddings__count_gone() is 'Takes what a statement removed off memory.embedding_counts';

create function memory.tg_embeddings__count_none()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from memory.embedding_counts c where tg_table_name in ('embeddings', format('embeddings_%s', c.model_id));
  return null;
end
$$;

comment on function memory.tg_embeddings__count_none() is 'Forgets the counts of a table or partition that was emptied';

create trigger _700_count_new after insert on memory.embeddings
  referencing new table as new_rows for each statement execute function memory.tg_embeddings__count_new();
create trigger _700_count_gone after delete on memory.embeddings
  referencing old table as old_rows for each statement execute function memory.tg_embeddings__count_gone();
create trigger _700_count_none after truncate on memory.embeddings
  for each statement execute function memory.tg_embeddings__count_none();

-- A text that was changed is not what its vectors say any more: they go, and the list of what is missing has it again.
create function memory.tg__forget_embeddings()
returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_sort = off
set enable_indexscan = on
set enable_bitmapscan = off
as $$
declare
  v_ids    uuid[];
  v_models integer[];
  v_places tid[];
begin
  -- "between", in an order that only one index has, and each by its key: as in core.put_embeddings.
  if tg_argv[0] = 'memory_id' then
    select array_agg(f.id order by f.id), array_agg(f.model_id order by f.id) into v_ids, v_models
      from (select k.id, k.model_id from memory.embeddings k
             where k.user_id = new.user_id and k.memory_id between new.id and new.id order by k.memory_id offset 0) f;
  else
    select array_agg(f.id order by f.id), array_agg(f.model_id order by f.id) into v_ids, v_models
      from (select k.id, k.model_id from memory.embeddings k
             where k.user_id = new.user_id and k.message_id between new.id and new.id order by k.message_id offset 0) f;
  end if;
  if v_ids is null then
    return null;
  end if;
  -- All are locked before the first goes: who changes one counts them after it.
  select array_agg(h.ctid) into v_places
    from unnest(v_ids, v_models) as f (id, model_id)
   cross join lateral (select e.ctid from memory.embeddings e
                        where e.user_id = new.user_id and e.model_id = f.model_id and e.id between f.id and f.id
                        order by e.id for update) h;
  -- They are held, so each stays in its place; and in one statement, as each is counted at its end. Without an index:
  -- planned among few rows, any of the user's would do.
  perform set_config('enable_indexscan', 'off', true);
  delete from memory.embeddings e
   where e.user_id = new.user_id and e.id = any (v_ids) and e.model_id = any (v_models) and e.ctid = any (v_places);
  return null;
end
$$;

comment on function memory.tg__forget_embeddings() is 'Removes the vectors of a text that was changed';

create trigger _700_forget_embeddings after update of content on chat.messages
  for each row when (old.content is distinct from new.content) execute function memory.tg__forget_embeddings('message_id');
create trigger _700_forget_embeddings after update of content on memory.semantic_memories
  for each row when (old.content is distinct from new.content) execute function memory.tg__forget_embeddings('memory_id');

------------------------------------------------------------------------------------------------------------------
-- Row policies.
------------------------------------------------------------------------------------------------------------------

do $$
declare
  v_table text;
begin
  foreach v_table in array array['memory.embeddings', 'memory.embedding_counts'] loop
    execute format('alter table %s enable row level security', v_table);
    execute format('alter table %s force row level security', v_table);
    execute format('create policy own_rows on %s to plinth_owner using (user_id = (select base.current_user_id()))', v_table);
    execute format('create policy operator_read on %s for select to plinth_operator using (true)', v_table);
    execute format('grant select on %s to plinth_operator', v_table);
  end loop;
end $$;

-- Searches filter by user themselves: their indexes are of no use under a policy. Triggers and jobs cross users.
create policy system_read on memory.embeddings for select to plinth_system using (true);
create policy system_delete on memory.embeddings for delete to plinth_system using (true);
-- To lock what is about to go, which takes the right to change it.
create policy system_update on memory.embeddings for update to plinth_system using (true);
grant select, update, delete on memory.embeddings to plinth_system;
create policy system_read on memory.embedding_counts for select to plinth_system using (true);
create policy system_insert on memory.embedding_counts for insert to plinth_system with check (true);
create policy system_update on memory.embedding_counts for update to plinth_system using (true);
create policy system_delete on memory.embedding_counts for delete to plinth_system using (true);
grant select, insert, update, delete on memory.embedding_counts to plinth_system;

-- Whoever makes a partition gives it these triggers, so their former owner has to be let in again.
grant create on schema memory to plinth_system;
alter function memory.tg_embeddings__count_new() owner to plinth_system;
alter function memory.tg_embeddings__count_gone() owner to plinth_system;
alter function memory.tg_embeddings__count_none() owner to plinth_system;
alter function memory.tg__forget_embeddings() owner to plinth_system;
revoke create on schema memory from plinth_system;
set local role plinth_system;
grant execute on function memory.tg_embeddings__count_new(), memory.tg_embeddings__count_gone(),
                          memory.tg_embeddings__count_none(), memory.tg__forget_embeddings() to plinth_owner;
set local role plinth_owner;

insert into base.table_manifest (schema_name, table_name, class, reason) values
  ('memory', 'embedding_models', 'reference', 'the same models everywhere'),
  ('memory', 'embeddings',       'by-user', 'vectors of a user''s texts are with the user'),
  ('memory', 'embedding_counts', 'by-user', 'beside what it counts');

-- The text is exported, the numbers that a model made of it are not: they would be ten times as much and tell less.
insert into base.table_privacy (schema_name, table_name, personal, hidden) values
  ('memory', 'embeddings',       '{content,metadata,collection}', '{embedding,half_embedding}'),
  ('memory', 'embedding_counts', '{}', '{}');
