-- api.list_missing_embeddings: texts that have no vector of a model yet, of everybody, for whoever makes vectors.
--
-- Rules   With p_from, the texts another model has vectors of: so its texts are embedded anew while both are searched.
--         Without it, messages or memories that have none, as p_kind says; whole, not in parts.
--         A page is a batch: make the vectors, hand them to upsert_embeddings with version, user by user, ask for the
--         next page. What came meanwhile may lie behind: go through it again until the first page is empty.
--         Deleted conversations and expired memories are left out.
-- Why plan_cache_mode   Planned with the model of the call: only its partition is asked for, and only by keys.
-- Why enable_sort   Keys have the order that is asked for, and are read as far as a page takes; where nobody took
--         statistics yet, the planner would read and sort all.
-- Why between   As in core.put_embeddings.
-- Permission embeddings:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such model; VL003 neither p_from nor
--         p_kind is named; VL001 there is no such kind, or after is not a place in this list
-- Owned by plinth_system: reads the texts of all users, for operators.
create or replace function api.list_missing_embeddings(
  p_model text,
  p_from  text default null,
  p_kind  text default null,
  p_after text default null,
  p_limit integer default 500
)
returns table (
  user_id    uuid,
  message_id uuid,
  memory_id  uuid,
  version    integer,
  collection text,
  content    text,
  metadata   jsonb,
  cursor     text
)
language plpgsql
stable
security definer
rows 500
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_sort = off
set enable_incremental_sort = off
as $$
declare
  v_model_id integer;
  v_from_id  integer;
  v_user_id  uuid;
  v_id       uuid;
begin
  perform core.require_permission('embeddings:manage');
  v_model_id := (core.embedding_model(p_model)).id;
  if p_after !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12},[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform base.raise('VL001', 'after must be the "cursor" of an earlier row', 'after');
  end if;
  v_user_id := coalesce(split_part(p_after, ',', 1), '00000000-0000-0000-0000-000000000000')::uuid;
  v_id := coalesce(split_part(p_after, ',', 2), '00000000-0000-0000-0000-000000000000')::uuid;

  -- What a text hangs on, and whether it has a vector, is looked up by key and not joined: a join by user alone would
  -- compare all of a user's texts with all that user has.
  if p_from is not null then
    v_from_id := (core.embedding_model(p_from)).id;
    return query
      select s.user_id, s.message_id, s.memory_id,
             case when s.message_id is not null then
                         (select m.version from chat.messages m where m.user_id = s.user_id and m.id = s.message_id)
                  when s.memory_id is not null then
                         (select o.version from memory.semantic_memories o
                           where o.user_id = s.user_id and o.id = s.memory_id) end,
             s.collection, s.content, s.metadata, format('%s,%s', s.user_id, s.id)
        from memory.embeddings s
       where s.model_id = v_from_id and (s.user_id, s.id) > (v_user_id, v_id)
         and (s.memory_id is null
              or coalesce((select o.expires_at from memory.semantic_memories o
                            where o.user_id = s.user_id and o.id = s.memory_id), 'infinity') > now())
         and (s.conversation_id is null
              or (select c.status from chat.conversations c
                   where c.user_id = s.user_id and c.id = s.conversation_id) <> 'deleted')
         -- Apart, as thousands of messages may say the same, and no index knows "is not distinct".
         and case when s.message_id is not null then
               (select true from memory.embeddings t
                 where t.model_id = v_model_id and t.user_id = s.user_id
                   and t.content_digest between s.content_digest and s.content_digest
                   and t.collection = s.collection and t.message_id = s.message_id
                 order by t.content_digest limit 1)
             else
               (select true from memory.embeddings t
                 where t.model_id = v_model_id and t.user_id = s.user_id
                   and t.content_digest between s.content_digest and s.content_digest
                   and t.collection = s.collection and t.message_id is null and t.memory_id is not distinct from s.memory_id
                 order by t.content_digest limit 1) end is null
       order by s.user_id, s.id
       limit p_limit;
  elsif p_kind = 'message' then
    return query
      select m.user_id, m.id, null::uuid, m.version, '', m.content, '{}'::jsonb, format('%s,%s', m.user_id, m.id)
        from chat.messages m
       where (m.user_id, m.id) > (v_user_id, v_id) and length(m.content) between 1 and 100000
         and (select c.status from chat.conversations c
               where c.user_id = m.user_id and c.id = m.conversation_id) <> 'deleted'
         and (select true from memory.embeddings t
               where t.model_id = v_model_id and t.user_id = m.user_id and t.message_id between m.id and m.id
               order by t.message_id limit 1) is null
       order by m.user_id, m.id
       limit p_limit;
  elsif p_kind = 'memory' then
    return query
      select o.user_id, null::uuid, o.id, o.version, '', o.content, '{}'::jsonb, format('%s,%s', o.user_id, o.id)
        from memory.semantic_memories o
       where (o.user_id, o.id) > (v_user_id, v_id) and coalesce(o.expires_at, 'infinity') > now()
         and (o.conversation_id is null
              or (select c.status from chat.conversations c
                   where c.user_id = o.user_id and c.id = o.conversation_id) <> 'deleted')
         and (select true from memory.embeddings t
               where t.model_id = v_model_id and t.user_id = o.user_id and t.memory_id between o.id and o.id
               order by t.memory_id limit 1) is null
       order by o.user_id, o.id
       limit p_limit;
  elsif p_kind is null then
    perform base.raise('VL003', 'Name a model to take the texts of, or message or memory as kind', 'from');
  else
    perform base.raise('VL001', 'kind must be message or memory', 'kind');
  end if;
end
$$;

comment on function api.list_missing_embeddings(text, text, text, text, integer) is
  'Texts that have no vector of a model yet, of everybody';
grant execute on function api.list_missing_embeddings(text, text, text, text, integer) to plinth_operator;
alter function api.list_missing_embeddings(text, text, text, text, integer) owner to plinth_system;
select http.no_route('api.list_missing_embeddings', 'shows everybody''s texts, to operators who make vectors');
