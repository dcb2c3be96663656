-- api.list_embeddings: the caller's embeddings, newest first.
--
-- Rules   Of one model, of all where none is named. kind is message, memory or text (what hangs on neither).
--         The vectors themselves only where with_embedding asks for them.
--         What hangs on a deleted conversation or an expired memory is left out.
-- Errors  UN001 nobody is signed in; NF001 there is no such model, conversation, message or memory; VL001 there is no
--         such kind, metadata is not an object, or after is not a place in this list
-- Why plan_cache_mode   One statement serves every mix of filters, and is planned with those of the call.
-- Why enable_sort   Keys have all embeddings, those of a kind and those of a collection in the order that is asked for:
--         of a user nobody took statistics of yet, the planner would read and sort all. What is looked for beside that,
--         it may sort.
-- Owned by plinth_system: row policies would keep metadata from its index. Every statement names the user.
create or replace function api.list_embeddings(
  p_user_id         uuid,
  p_model           text default null,
  p_collection      text default null,
  p_kind            text default null,
  p_message_id      uuid default null,
  p_memory_id       uuid default null,
  p_conversation_id uuid default null,
  p_metadata        jsonb default null,
  p_with_embedding  boolean default false,
  p_after           text default null,
  p_limit           integer default 50
)
returns table (
  id              uuid,
  model           text,
  content         text,
  metadata        jsonb,
  collection      text,
  message_id      uuid,
  memory_id       uuid,
  conversation_id uuid,
  embedding       real[],
  created_at      timestamptz,
  updated_at      timestamptz,
  cursor          text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_sort = on
as $$
declare
  v_rows     integer := 1000;  -- read in any case: a millisecond
  v_model_id integer;
  v_ids      uuid[];
  v_last     uuid;
  v_found    integer;
begin
  p_user_id := core.act_for(p_user_id);
  perform core.check_embedding_filters(p_user_id, p_kind, p_conversation_id, p_metadata);
  if p_model is not null then
    v_model_id := (core.embedding_model(p_model)).id;
  end if;
  if p_message_id is not null and not exists (
    select from chat.messages o
      join chat.conversations c on c.user_id = o.user_id and c.id = o.conversation_id and c.status <> 'deleted'
     where o.user_id = p_user_id and o.id = p_message_id)
  then
    perform base.raise('NF001', 'There is no such message', 'message_id');
  end if;
  if p_memory_id is not null and not exists (
    select from memory.semantic_memories o
     where o.user_id = p_user_id and o.id = p_memory_id and coalesce(o.expires_at, 'infinity') > now())
  then
    perform base.raise('NF001', 'There is no such memory', 'memory_id');
  end if;
  if p_after !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;

  if num_nonnulls(p_message_id, p_memory_id, p_conversation_id) = 0 and coalesce(p_metadata, '{}') = '{}' then
    perform set_config('enable_sort', 'off', true);
  end if;

  -- What many have is among the newest. What is rare comes from the index: it knows no order, so of what many have it
  -- would bring up all there are.
  if p_metadata <> '{}' and num_nonnulls(p_collection, p_kind, p_message_id, p_memory_id, p_conversation_id) = 0 then
    with newest as materialized (
      select e.id, e.metadata from memory.embeddings e
       where e.user_id = p_user_id and (v_model_id is null or e.model_id = v_model_id)
         and (p_after is null or e.id < p_after::uuid)
       order by e.id desc
       limit v_rows
    )
    select array(select n.id from newest n where n.metadata @> p_metadata), (array_agg(n.id order by n.id desc))[v_rows]
      into v_ids, v_last
      from newest n;
  end if;
  loop
    return query
      select e.id, m.name, e.content, e.metadata, e.collection, e.message_id, e.memory_id, e.conversation_id,
             case when p_with_embedding then coalesce(e.embedding::real[], e.half_embedding::real[]) end,
             e.created_at, e.updated_at, e.id::text
        from memory.embeddings e
        join memory.embedding_models m on m.id = e.model_id
       where e.user_id = p_user_id
         and (v_model_id is null or e.model_id = v_model_id)
         and (p_collection is null or e.collection = p_collection)
         -- Spelt out as the indexes are for it.
         and (p_kind is null
              or p_kind = 'message' and (e.message_id is null) is false
              or p_kind = 'memory' and (e.memory_id is null) is false
              or p_kind = 'text' and e.message_id is null and e.memory_id is null)
         and (p_message_id is null or e.message_id = p_message_id)
         and (p_memory_id is null or e.memory_id = p_memory_id)
         and (p_conversation_id is null or e.conversation_id = p_conversation_id)
         and (v_ids is null or e.id = any (v_ids))
         and (coalesce(p_metadata, '{}') = '{}' or v_ids is not null or e.metadata @> p_metadata and e.metadata <> '{}')
         and (p_after is null or e.id < p_after::uuid)
         and (e.conversation_id is null
              or (select c.status from chat.conversations c
                   where c.user_id = p_user_id and c.id = e.conversation_id) <> 'deleted')
         and (e.memory_id is null
              or (select coalesce(o.expires_at, 'infinity') from memory.semantic_memories o
                   where o.user_id = p_user_id and o.id = e.memory_id) > now())
       order by e.id desc
       limit p_limit;
    get diagnostics v_found = row_count;
    p_limit := p_limit - v_found;
    exit when v_last is null or p_limit = 0;

    v_ids := array(
      select h.id from (select e.id from memory.embeddings e
                         where e.user_id = p_user_id and (v_model_id is null or e.model_id = v_model_id)
                           and e.metadata @> p_metadata and e.metadata <> '{}' offset 0) h
       where h.id < v_last
       order by h.id desc limit v_rows);
    v_last := v_ids[v_rows];
    v_rows := v_rows * 10;
  end loop;
end
$$;

comment on function api.list_embeddings(uuid, text, text, text, uuid, uuid, uuid, jsonb, boolean, text, integer) is
  'The caller''s embeddings, newest first';
grant execute on function api.list_embeddings(uuid, text, text, text, uuid, uuid, uuid, jsonb, boolean, text, integer)
  to plinth_web, plinth_operator;
alter function api.list_embeddings(uuid, text, text, text, uuid, uuid, uuid, jsonb, boolean, text, integer)
  owner to plinth_system;
select http.expose('GET /v1/embeddings', 'api.list_embeddings');
