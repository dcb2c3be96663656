-- api.list_memories: what is remembered, newest first.
--
-- Rules   What is true now, or with as_of what was true then; closed adds what is true no more, or not yet.
--         scope user: what counts in all conversations; conversation: what counts in one, which conversation_id names.
--         metadata finds what contains it.
--         Memories that have expired, or whose conversation is deleted, are not there.
-- Errors  UN001 nobody is signed in; VL001 scope, metadata, as_of or after; NF001 there is no such conversation
-- Why plan_cache_mode   One statement serves every mix of filters, and is planned with those of the call.
-- Why enable_sort   A key has all memories, and those of a kind, in the order that is asked for: of a user nobody took
--         statistics of yet, the planner would read and sort all. What is looked for beside that, it may sort.
-- Owned by plinth_system: under a policy, no search by metadata would use its index.
create or replace function api.list_memories(
  p_user_id         uuid,
  p_scope           text default null,
  p_conversation_id uuid default null,
  p_kind            text default null,
  p_metadata        jsonb default null,
  p_as_of           timestamptz default null,
  p_closed          boolean default false,
  p_after           text default null,
  p_limit           integer default 50
)
returns table (
  id                uuid,
  conversation_id   uuid,
  kind              text,
  content           text,
  importance        double precision,
  metadata          jsonb,
  valid_from        timestamptz,
  valid_to          timestamptz,
  supersedes        uuid,
  expires_at        timestamptz,
  qdrant_collection text,
  qdrant_point_id   text,
  recall_count      bigint,
  last_recalled_at  timestamptz,
  created_at        timestamptz,
  updated_at        timestamptz,
  version           integer,
  cursor            text
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
  v_at timestamptz := coalesce(p_as_of, now());
begin
  p_user_id := core.act_for(p_user_id);

  perform core.check_memory_filter(p_user_id, p_scope, p_conversation_id, p_metadata);
  if not isfinite(p_as_of) or p_as_of is not null and p_closed then
    perform base.raise('VL001', 'as_of must be a moment, and excludes closed', 'as_of');
  end if;
  if p_after !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;

  if p_conversation_id is null and (p_metadata is null and num_nonnulls(p_scope, p_as_of) = 0
                                    or p_metadata is not null
                                       and not core.memories_are_rare(p_user_id, null, p_metadata)) then
    perform set_config('enable_sort', 'off', true);
  end if;
  return query
    select m.id, m.conversation_id, m.kind, m.content, m.importance, m.metadata, m.valid_from, m.valid_to, m.supersedes,
           m.expires_at, m.qdrant_collection, m.qdrant_point_id, m.recall_count, m.last_recalled_at, m.created_at,
           m.updated_at, m.version, m.id::text
      from memory.semantic_memories m
     where m.user_id = p_user_id
       and (m.expires_at is null or m.expires_at > now())
       and (m.conversation_id is null
            or (select c.status from chat.conversations c
                 where c.user_id = p_user_id and c.id = m.conversation_id) <> 'deleted')
       and (p_scope is distinct from 'user' or m.conversation_id is null)
       and (p_scope is distinct from 'conversation' or m.conversation_id is not null)
       and (p_conversation_id is null or m.conversation_id = p_conversation_id)
       and (p_kind is null or m.kind = p_kind)
       and (p_metadata is null or m.metadata @> p_metadata)
       and (coalesce(p_closed, false) or m.valid_from <= v_at and (m.valid_to is null or m.valid_to > v_at))
       and (p_after is null or m.id < p_after::uuid)
     order by m.id desc
     limit p_limit;
end
$$;

comment on function api.list_memories(uuid, text, uuid, text, jsonb, timestamptz, boolean, text, integer) is
  'What is remembered, newest first';
grant execute on function api.list_memories(uuid, text, uuid, text, jsonb, timestamptz, boolean, text, integer)
  to plinth_web, plinth_operator;
alter function api.list_memories(uuid, text, uuid, text, jsonb, timestamptz, boolean, text, integer) owner to plinth_system;
select http.expose('GET /v1/memories', 'api.list_memories');
