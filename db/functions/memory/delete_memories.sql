-- api.delete_memories: forgets all memories that a filter chooses, each with what it took the place of.
--
-- Rules   A filter has to be named. All of them go only where all says so, and then without a filter: a filter that
--         was lost on the way must not empty everything.
--         scope user: what counts in all conversations; conversation: what counts in one, which conversation_id names.
--         closed: only what is true no more. created_before: only what was written down earlier. Whether something has
--         expired does not count: what is hidden goes, too.
--         At most memory.delete_limit at once; more says that there are others, for the same call again. The answer
--         counts the rows that went, and names the points of Qdrant that now belong to nothing.
-- Permission self:write
-- Errors  UN001 nobody is signed in; VL001 scope, metadata or all; VL003 neither a filter nor all; NF001 there is no
--         such conversation
-- Locks   those of core.remove_memories
-- Why plan_cache_mode   One statement serves every mix of filters, and is planned with those of the call.
-- Owned by plinth_system: under a policy, no search by metadata would use its index.
create or replace function api.delete_memories(
  p_user_id         uuid,
  p_scope           text default null,
  p_conversation_id uuid default null,
  p_kind            text default null,
  p_metadata        jsonb default null,
  p_closed          boolean default null,
  p_created_before  timestamptz default null,
  p_all             boolean default false
)
returns table (deleted integer, superseded integer, embeddings integer, qdrant_points jsonb, more boolean)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  v_limit constant integer := base.setting('memory.delete_limit');
  v_ids   uuid[];
begin
  p_user_id := core.act_for(p_user_id);

  perform core.check_memory_filter(p_user_id, p_scope, p_conversation_id, p_metadata);
  if num_nonnulls(p_scope, p_conversation_id, p_kind, p_metadata, nullif(p_closed, false), p_created_before) = 0 then
    if p_all is not true then
      perform base.raise('VL003', 'Name a filter, or say all', 'all');
    end if;
  elsif p_all then
    perform base.raise('VL001', 'all excludes filters', 'all');
  end if;
  if p_metadata = '{}' then
    perform base.raise('VL001', 'metadata must name something; everything contains an empty object', 'metadata');
  end if;

  v_ids := array(
    select m.id
      from memory.semantic_memories m
     where m.user_id = p_user_id
       and (p_scope is distinct from 'user' or m.conversation_id is null)
       and (p_scope is distinct from 'conversation' or m.conversation_id is not null)
       and (p_conversation_id is null or m.conversation_id = p_conversation_id)
       and (p_kind is null or m.kind = p_kind)
       and (p_metadata is null or m.metadata @> p_metadata)
       and (p_closed is not true or m.valid_to <= now())
       and (p_created_before is null or m.created_at < p_created_before)
     limit v_limit + 1);
  more := cardinality(v_ids) > v_limit;

  select r.deleted, r.superseded, r.embeddings, r.qdrant_points into deleted, superseded, embeddings, qdrant_points
    from core.remove_memories(p_user_id, v_ids[:v_limit]) r;
  return next;
end
$$;

comment on function api.delete_memories(uuid, text, uuid, text, jsonb, boolean, timestamptz, boolean) is
  'Forgets all memories that a filter chooses, and says how many';
grant execute on function api.delete_memories(uuid, text, uuid, text, jsonb, boolean, timestamptz, boolean)
  to plinth_web, plinth_operator;
alter function api.delete_memories(uuid, text, uuid, text, jsonb, boolean, timestamptz, boolean) owner to plinth_system;
select http.expose('DELETE /v1/memories', 'api.delete_memories', permission => 'self:write', lane => 'slow');
