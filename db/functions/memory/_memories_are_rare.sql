-- core.memories_are_rare: whether few of a user's memories are of a kind and contain metadata: at most one in twenty of
-- the newest thousand.
--
-- Rules   What is rare is best found by its index; what is frequent, by reading along the order in which it is wanted
--         until there is enough. No statistics know what metadata contain, so the planner takes all of it for rare.
-- Why enable_sort   As in core.memory_candidates
-- Reads with the rights of plinth_system: its callers belong to that role, and say whose memories they are.
create or replace function core.memories_are_rare(p_user_id uuid, p_kind text, p_metadata jsonb)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_sort = off
as $$
begin
  return (
    select count(*) filter (where (p_kind is null or n.kind = p_kind) and (p_metadata is null or n.metadata @> p_metadata))
           <= count(*) / 20.0
      from (select m.kind, m.metadata from memory.semantic_memories m
             where m.user_id = p_user_id order by m.id desc limit 1000) n);
end
$$;

comment on function core.memories_are_rare(uuid, text, jsonb) is
  'Whether few of a user''s memories are of a kind and contain metadata';
grant execute on function core.memories_are_rare(uuid, text, jsonb) to plinth_system;
