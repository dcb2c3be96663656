-- core.memory_candidates: of many memories, those that a recall has to compare, p_most of each kind: the newest, those
-- that matter most, those nearest to a vector, and those that its words make the best.
--
-- Rules   Those that count in all conversations, and those of the named one. Where few of the nearest hold, three times
--         as many follow.
--         Words that few memories have choose by the whole score but for the vector. A word that more than one in
--         twenty of the newest has, would bring up too many: of those with it, the newest are taken.
--         p_weights are those of similarity, recency and importance; p_half_life is in days.
--         Where filters leave no p_most of them, the first two lists have all there are.
-- Why plan_cache_mode   A frequent word is found by reading a few rows, a rare one by the index: the planner knows
--         which.
-- Why enable_sort   Where rows come in order from an index, they are read as far as it takes; of a user nobody took
--         statistics of yet, the planner would read and sort all. It is on again for what searches by vector plan.
-- Owned by plinth_system: under a policy, words and metadata would not be found by their index. Each statement names
--         the user.
create or replace function core.memory_candidates(
  p_user_id         uuid,
  p_words           tsquery[],
  p_model           memory.embedding_models,
  p_embedding       ext.vector,
  p_conversation_id uuid,
  p_kind            text,
  p_metadata        jsonb,
  p_at              timestamptz,
  p_weights         double precision[],
  p_half_life       double precision,
  p_most            integer
)
returns uuid[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_sort = on
set enable_incremental_sort = on
as $$
declare
  c_sample constant integer := 1000;   -- newest memories that are asked how frequent a word is
  c_hits   constant integer := 20000;  -- as many as rare words may bring up
  c_kind   constant integer := 10000;  -- as many are read of a kind that was frequent once, and is rare of late
  -- Filters may leave few: then it is better to look for those than to read on until there are enough.
  v_by     constant text := case when p_metadata is not null and core.memories_are_rare(p_user_id, null, p_metadata)
                                   then 'metadata'
                                 when p_kind is not null and core.memories_are_rare(p_user_id, p_kind, p_metadata)
                                      and (select count(*)
                                             from (select from memory.semantic_memories m
                                                    where m.user_id = p_user_id and m.kind between p_kind and p_kind
                                                    order by m.kind limit c_kind + 1) k) <= c_kind
                                   then 'kind' end;
  v_page   integer;
  v_scope  uuid;
  v_word   tsquery;
  v_rare   tsquery;
  v_often  tsquery[];
  v_near   uuid[];
  v_far    double precision;
  v_last   uuid;
  v_full   boolean;
  v_found  uuid[] := '{}';
begin
  foreach v_scope in array array[null, p_conversation_id] loop
    continue when v_scope is null and v_found <> '{}';
    -- The conversation is part of the order, because only so the planner sees that the index has it.
    perform set_config('enable_sort', 'off', true), set_config('enable_incremental_sort', 'off', true);
    with sample as materialized (
      select m.search from memory.semantic_memories m
       where m.user_id = p_user_id and (v_scope is null and m.conversation_id is null or m.conversation_id = v_scope)
       order by m.conversation_id desc, m.valid_from desc limit c_sample
    )
    select string_agg(w.word::text, ' | ') filter (where w.hits <= w.sampled / 20.0),
           coalesce(array_agg(w.word) filter (where w.hits > w.sampled / 20.0), '{}')
      into v_rare, v_often
      from (select u.word, (select count(*) from sample s where s.search @@ u.word) as hits,
                   (select count(*) from sample) as sampled
              from unnest(p_words) as u (word)) w;
    if v_by is not null then
      -- Read once for all lists. "offset 0": by the index of what is rare, whatever the planner thinks of the rest
      -- (only that of kinds has the order).
      v_found := v_found || array(
        with few as materialized (
          select k.id, k.search, k.valid_from, k.importance
            from (select m.id, m.search, m.valid_from, m.importance, m.conversation_id,
                         core.memory_holds(m, p_at, p_kind, p_metadata) as holds
                    from memory.semantic_memories m
                   where m.user_id = p_user_id and (v_by <> 'kind' or m.kind between p_kind and p_kind)
                     and (v_by <> 'metadata' or m.metadata @> p_metadata)
                   order by case when v_by = 'kind' then m.kind end
                  offset 0) k
           where k.holds and k.conversation_id is not distinct from v_scope
        )
        (select f.id from few f order by f.valid_from desc limit p_most)
        union all
        (select f.id from few f order by f.importance desc limit p_most)
        union all
        (select f.id from few f where f.search @@ v_rare
          order by p_weights[1] * (select count(*) from unnest(p_words) w where f.search @@ w) / cardinality(p_words)
                   + p_weights[2] * core.memory_recency(f.valid_from, p_at, p_half_life) + p_weights[3] * f.importance desc
          limit p_most)
        union all
        select n.id
          from unnest(v_often) as w (word)
         cross join lateral (
           select f.id from few f where f.search @@ w.word order by f.valid_from desc limit p_most) n);
    else
      v_found := v_found
        || array(select m.id from memory.semantic_memories m
                  where m.user_id = p_user_id
                    and (v_scope is null and m.conversation_id is null or m.conversation_id = v_scope)
                    and core.memory_holds(m, p_at, p_kind, p_metadata)
                  order by m.conversation_id desc, m.valid_from desc limit p_most)
        || array(select m.id from memory.semantic_memories m
                  where m.user_id = p_user_id
                    and (v_scope is null and m.conversation_id is null or m.conversation_id = v_scope)
                    and core.memory_holds(m, p_at, p_kind, p_metadata)
                  order by m.conversation_id desc, m.importance desc limit p_most);
      v_found := v_found
        || array(select h.id
                   from (select (k.m).id, (k.m).search, (k.m).valid_from, (k.m).importance
                           -- "offset 0": by the index of words, whatever the planner thinks of when they became true.
                           from (select m from memory.semantic_memories m
                                  where m.user_id = p_user_id and m.search @@ v_rare
                                    and m.conversation_id is not distinct from v_scope
                                    and (p_metadata is null or m.metadata @> p_metadata)
                                 offset 0) k
                          where core.memory_holds(k.m, p_at, p_kind, null)
                          limit c_hits) h
                  order by p_weights[1] * (select count(*) from unnest(p_words) w where h.search @@ w) / cardinality(p_words)
                           + p_weights[2] * core.memory_recency(h.valid_from, p_at, p_half_life)
                           + p_weights[3] * h.importance desc
                  limit p_most);
      foreach v_word in array v_often loop
        v_found := v_found
          || array(select m.id from memory.semantic_memories m
                    where m.user_id = p_user_id and m.search @@ v_word
                      and (v_scope is null and m.conversation_id is null or m.conversation_id = v_scope)
                      and core.memory_holds(m, p_at, p_kind, p_metadata)
                    order by m.conversation_id desc, m.valid_from desc limit p_most);
      end loop;
    end if;

    continue when p_embedding is null;
    perform set_config('enable_sort', 'on', true), set_config('enable_incremental_sort', 'on', true);
    v_far := null;
    v_last := null;
    -- One more page, if too few of the nearest are true and of the right kind: each looks from the beginning.
    foreach v_page in array array[p_most, 3 * p_most] loop
      select array_agg(m.id) filter (where core.memory_holds(m, p_at, p_kind, p_metadata)
                                       and m.conversation_id is not distinct from v_scope),
             count(*) >= v_page, max(n.distance), (array_agg(n.id order by n.distance desc, n.id desc))[1]
        into v_near, v_full, v_far, v_last
        from models.nearest(p_user_id, p_model, p_embedding, v_page, p_kind => 'memory', p_conversation_id => v_scope,
                                     p_after_distance => v_far, p_after_id => v_last) n
        join memory.semantic_memories m on m.user_id = p_user_id and m.id = n.memory_id;
      v_found := v_found || v_near;
      exit when not v_full or cardinality(v_near) > p_most / 2;
    end loop;
  end loop;

  return array(select distinct f.id from unnest(v_found) as f (id));
end
$$;

comment on function core.memory_candidates(uuid, tsquery[], memory.embedding_models, ext.vector, uuid, text, jsonb, timestamptz,
                                           double precision[], double precision, integer) is
  'Of many memories, those that a recall has to compare';
alter function core.memory_candidates(uuid, tsquery[], memory.embedding_models, ext.vector, uuid, text, jsonb, timestamptz,
                                      double precision[], double precision, integer) owner to plinth_system;
