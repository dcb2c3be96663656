-- api.delete_embeddings: removes embeddings of the caller, and says how many of which kind. Messages and memories stay.
--
-- Rules   All filters that are given hold together. Everything goes only where all says so, and then without a filter:
--         a filter that was lost on the way must not remove everything.
--         At most embeddings.batch_limit rows go at a time; more says that as many went, so others may be
--         left, and the call is sent again.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such model or conversation; VL001 kind, metadata or all; VL003
--         neither a filter nor all
-- Locks   the rows in the order of their ids; at the end the caller's rows of memory.embedding_counts
-- Owned by plinth_system: row policies would keep metadata from its index. Every statement names the user.
create or replace function api.delete_embeddings(
  p_user_id         uuid,
  p_model           text default null,
  p_ids             uuid[] default null,
  p_collection      text default null,
  p_kind            text default null,
  p_message_id      uuid default null,
  p_memory_id       uuid default null,
  p_conversation_id uuid default null,
  p_metadata        jsonb default null,
  p_all             boolean default false
)
returns table (deleted bigint, of_messages bigint, of_memories bigint, of_texts bigint, more boolean)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  v_model_id integer;
  v_limit    integer := base.setting('embeddings.batch_limit')::integer;
begin
  p_user_id := core.act_for(p_user_id);
  perform core.check_embedding_filters(p_user_id, p_kind, p_conversation_id, p_metadata);
  if num_nonnulls(p_model, p_ids, p_collection, p_kind, p_message_id, p_memory_id, p_conversation_id, p_metadata) = 0 then
    if p_all is not true then
      perform base.raise('VL003', 'Name a filter, or say all', 'all');
    end if;
  elsif p_all then
    perform base.raise('VL001', 'all excludes filters', 'all');
  end if;
  if p_metadata = '{}' then
    perform base.raise('VL001', 'metadata must name something; everything contains an empty object', 'metadata');
  end if;
  if p_model is not null then
    v_model_id := (core.embedding_model(p_model)).id;
  end if;

  return query
    with gone as (
      delete from memory.embeddings e
       using (select f.id, f.model_id from memory.embeddings f
               where f.user_id = p_user_id
                 and (v_model_id is null or f.model_id = v_model_id)
                 and (p_ids is null or f.id = any (p_ids))
                 and (p_collection is null or f.collection = p_collection)
                 -- Spelt out as the indexes are for it.
                 and (p_kind is null
                      or p_kind = 'message' and (f.message_id is null) is false
                      or p_kind = 'memory' and (f.memory_id is null) is false
                      or p_kind = 'text' and f.message_id is null and f.memory_id is null)
                 and (p_message_id is null or f.message_id = p_message_id)
                 and (p_memory_id is null or f.memory_id = p_memory_id)
                 and (p_conversation_id is null or f.conversation_id = p_conversation_id)
                 and (p_metadata is null or f.metadata @> p_metadata and f.metadata <> '{}')
               order by f.id
               limit v_limit
                 for update) d
       where e.user_id = p_user_id and e.id = d.id and e.model_id = d.model_id
      returning e.message_id, e.memory_id
    )
    select count(*), count(g.message_id), count(g.memory_id),
           count(*) filter (where g.message_id is null and g.memory_id is null), count(*) = v_limit
      from gone g;
end
$$;

comment on function api.delete_embeddings(uuid, text, uuid[], text, text, uuid, uuid, uuid, jsonb, boolean) is
  'Removes embeddings of the caller, and says how many';
grant execute on function api.delete_embeddings(uuid, text, uuid[], text, text, uuid, uuid, uuid, jsonb, boolean)
  to plinth_web, plinth_operator;
alter function api.delete_embeddings(uuid, text, uuid[], text, text, uuid, uuid, uuid, jsonb, boolean)
  owner to plinth_system;
select http.expose('DELETE /v1/embeddings', 'api.delete_embeddings', permission => 'self:write', lane => 'slow');
