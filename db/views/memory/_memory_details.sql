-- core.memory_details: a memory as its owner sees it. What has expired is not there any more, and what counts in one
-- conversation is not there while that one is deleted.
-- security_invoker, so that the policies of whoever asks decide which rows there are.
create or replace view core.memory_details with (security_invoker = true) as
select m.id,
       m.conversation_id,
       m.kind,
       m.content,
       m.importance,
       m.metadata,
       m.valid_from,
       m.valid_to,
       m.supersedes,
       (select s.id from memory.semantic_memories s where s.user_id = m.user_id and s.supersedes = m.id) as superseded_by,
       m.expires_at,
       m.qdrant_collection,
       m.qdrant_point_id,
       m.recall_count,
       m.last_recalled_at,
       m.created_at,
       m.updated_at,
       m.version
  from memory.semantic_memories m
 where (m.expires_at is null or m.expires_at > now())
   and (m.conversation_id is null
        -- Not "exists": of a user with many conversations that might read all.
        or (select c.status from chat.conversations c
             where c.user_id = m.user_id and c.id = m.conversation_id) <> 'deleted');

comment on view core.memory_details is
  'A memory as its owner sees it; not what has expired, or belongs to a deleted conversation';
comment on column core.memory_details.id is 'Names the memory';
comment on column core.memory_details.conversation_id is 'The only conversation it counts in; NULL: in all';
comment on column core.memory_details.kind is 'What sort of memory it is';
comment on column core.memory_details.content is 'What is remembered';
comment on column core.memory_details.importance is 'How much it matters, from 0 to 1';
comment on column core.memory_details.metadata is 'Whatever the application keeps with it';
comment on column core.memory_details.valid_from is 'Since when it is true';
comment on column core.memory_details.valid_to is 'When it stopped being true; NULL: it still is';
comment on column core.memory_details.supersedes is 'The memory in whose place it came';
comment on column core.memory_details.superseded_by is 'The memory that came in its place';
comment on column core.memory_details.expires_at is 'When it disappears; NULL: never';
comment on column core.memory_details.qdrant_collection is 'Collection of a Qdrant server that holds its vector, too';
comment on column core.memory_details.qdrant_point_id is 'Its point there';
comment on column core.memory_details.recall_count is 'How often a recall brought it up';
comment on column core.memory_details.last_recalled_at is 'When a recall last brought it up, to a minute or so';
comment on column core.memory_details.created_at is 'When it was written down';
comment on column core.memory_details.updated_at is 'When it was last changed';
comment on column core.memory_details.version is 'Grows with every change';
grant select on core.memory_details to plinth_system;
