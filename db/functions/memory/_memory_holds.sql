-- core.memory_holds: whether a memory is true at a moment, has not expired, and is of the kind and metadata asked for.
-- One expression, which the planner puts in place of the call.
create or replace function core.memory_holds(
  p_memory   memory.semantic_memories,
  p_at       timestamptz,
  p_kind     text,
  p_metadata jsonb
)
returns boolean
language sql
stable
as $$
  select p_memory.valid_from <= p_at and (p_memory.valid_to is null or p_memory.valid_to > p_at)
     and (p_memory.expires_at is null or p_memory.expires_at > pg_catalog.now())
     and (p_kind is null or p_memory.kind = p_kind)
     and (p_metadata is null or p_memory.metadata @> p_metadata)
$$;

comment on function core.memory_holds(memory.semantic_memories, timestamptz, text, jsonb) is
  'Whether a memory is true at a moment and of the kind and metadata asked for';
grant execute on function core.memory_holds(memory.semantic_memories, timestamptz, text, jsonb) to plinth_system;
