-- api.get_memory: one memory, with the facts that it took the place of.
--
-- Rules   history begins with the one just before it; at most 100. superseded_by is the one that took its place.
--         A memory that has expired, or whose conversation is deleted, is not there.
-- Errors  UN001 nobody is signed in; NF001 the user has no such memory
create or replace function api.get_memory(p_user_id uuid, p_memory_id uuid)
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
  superseded_by     uuid,
  expires_at        timestamptz,
  qdrant_collection text,
  qdrant_point_id   text,
  recall_count      bigint,
  last_recalled_at  timestamptz,
  created_at        timestamptz,
  updated_at        timestamptz,
  version           integer,
  history           jsonb
)
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);

  return query
    with recursive former (n, id, next_id, content, importance, valid_from, valid_to) as (
      select 0, m.id, m.supersedes, m.content, m.importance, m.valid_from, m.valid_to
        from memory.semantic_memories m where m.user_id = p_user_id and m.id = p_memory_id
      union all
      select f.n + 1, m.id, m.supersedes, m.content, m.importance, m.valid_from, m.valid_to
        from former f
       cross join lateral (  -- "offset 0": looked up by its key; of a user with many the planner might read all
         select k.id, k.supersedes, k.content, k.importance, k.valid_from, k.valid_to
           from memory.semantic_memories k where k.user_id = p_user_id and k.id = f.next_id offset 0) m
       where f.n < 100
    )
    select d.*,
           coalesce((select jsonb_agg(jsonb_build_object('id', f.id, 'content', f.content, 'importance', f.importance,
                                                         'valid_from', f.valid_from, 'valid_to', f.valid_to) order by f.n)
                       from former f where f.n > 0), '[]')
      from core.memory_details d
     where d.id = p_memory_id;
  if not found then
    perform base.raise('NF001', 'There is no such memory', 'memory_id');
  end if;
end
$$;

comment on function api.get_memory(uuid, uuid) is 'One memory, with the facts that it took the place of';
grant execute on function api.get_memory(uuid, uuid) to plinth_web, plinth_operator;
select http.expose('GET /v1/memories/{memory_id}', 'api.get_memory');
