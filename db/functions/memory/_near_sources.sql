-- core.near_sources: the messages or memories of a user whose vectors are nearest to one, each once, nearest first.
--
-- Rules   p_kind is message or memory. Of memories those that are true now. from is included, to is not.
--         There are p_most of them whenever so many are among the nearest 20,000: where the nearest do not fit, further
--         ones are asked for, each time more of them.
-- Errors  VL001 the vector has another length than the model's, or no direction
-- Reads with the rights of plinth_system: its callers belong to that role, and say whose rows they are.
create or replace function core.near_sources(
  p_user_id         uuid,
  p_kind            text,
  p_model           memory.embedding_models,
  p_embedding       ext.vector,
  p_most            integer,
  p_conversation_id uuid default null,
  p_from            timestamptz default null,
  p_to              timestamptz default null
)
returns table (id uuid, distance double precision)
language plpgsql
stable
rows 100
set search_path = pg_catalog, pg_temp
as $$
declare
  -- By default an index looks at no more (hnsw.max_scan_tuples). Beyond, every further page would compare all that the
  -- user has once more, for texts that are far from what was looked for.
  c_looked constant integer := 20000;
  v_page   integer := p_most;
  v_looked integer := 0;
  v_ids    uuid[];
  v_far    double precision[];
  v_last   double precision;
  v_after  uuid;
  v_full   boolean;
  v_found  uuid[] := '{}';
begin
  loop
    select array_agg(s.id order by n.distance, n.id) filter (where s.id is not null),
           array_agg(n.distance order by n.distance, n.id) filter (where s.id is not null),
           count(*) >= v_page, max(n.distance), (array_agg(n.id order by n.distance desc, n.id desc))[1]
      into v_ids, v_far, v_full, v_last, v_after
      from models.nearest(p_user_id, p_model, p_embedding, v_page, p_kind => p_kind,
                                   p_conversation_id => p_conversation_id, p_after_distance => v_last, p_after_id => v_after) n
      left join lateral (
        select m.id from chat.messages m
         where m.user_id = p_user_id and m.id = n.message_id
           and (p_from is null or m.created_at >= p_from) and (p_to is null or m.created_at < p_to)
        union all
        select m.id from memory.semantic_memories m
         where m.user_id = p_user_id and m.id = n.memory_id and core.memory_holds(m, now(), null, null)
           and (p_from is null or m.created_at >= p_from) and (p_to is null or m.created_at < p_to)) s on true;

    return query
      select f.id, min(f.distance) from unnest(v_ids, v_far) as f (id, distance)
       where f.id <> all (v_found) group by f.id order by 2, 1;
    v_found := array(select distinct f.id from unnest(v_found || v_ids) as f (id));
    v_looked := v_looked + v_page;
    v_page := least(v_page * 5, c_looked - v_looked);
    exit when not v_full or v_page <= 0 or cardinality(v_found) >= p_most;
  end loop;
end
$$;

comment on function core.near_sources(uuid, text, memory.embedding_models, ext.vector, integer, uuid, timestamptz, timestamptz) is
  'The messages or memories of a user whose vectors are nearest to one';
grant execute on function
  core.near_sources(uuid, text, memory.embedding_models, ext.vector, integer, uuid, timestamptz, timestamptz) to plinth_system;
