-- core.memory_candidates: of many memories, those that a recall has to compare: the newest, those that matter most,
-- the nearest to a vector, and for all words together and for each word the newest that have it; p_most of each. What
-- is in none of these lists is worse in each part of the score, unless its words are frequent and it is old.
--
-- Rules   Those that count in all conversations, and those of the named one.
--         Where filters leave no p_most of them, the first two lists have all there are.
-- Why plan_cache_mode   A frequent word is found by reading a few rows, a rare one by the index: the planner knows
--         which.
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
  p_most            integer
)
returns uuid[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  c_rounds constant integer := 4;  -- pages of the nearest, until enough of them are true and of the right kind
  v_scope  uuid;
  v_word   tsquery;
  v_all    tsquery;
  v_near   uuid[];
  v_far    double precision;
  v_last   uuid;
  v_full   boolean;
  v_found  uuid[] := '{}';
begin
  foreach v_word in array p_words loop
    v_all := coalesce(v_all && v_word, v_word);
  end loop;

  foreach v_scope in array array[null, p_conversation_id] loop
    continue when v_scope is null and v_found <> '{}';
    -- The conversation is part of the order, because only so the planner sees that the index has it.
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

    foreach v_word in array case when v_all is not null then v_all || p_words else '{}' end loop
      v_found := v_found
        || array(select m.id from memory.semantic_memories m
                  where m.user_id = p_user_id and m.search @@ v_word
                    and (v_scope is null and m.conversation_id is null or m.conversation_id = v_scope)
                    and core.memory_holds(m, p_at, p_kind, p_metadata)
                  order by m.id desc limit p_most);
    end loop;

    continue when p_embedding is null;
    v_far := null;
    v_last := null;
    for v_round in 1..c_rounds loop
      select array_agg(m.id) filter (where core.memory_holds(m, p_at, p_kind, p_metadata)
                                       and m.conversation_id is not distinct from v_scope),
             count(*) = p_most, max(n.distance), (array_agg(n.id order by n.distance desc, n.id desc))[1]
        into v_near, v_full, v_far, v_last
        from core.nearest_embeddings(p_user_id, p_model, p_embedding, p_most, p_kind => 'memory', p_conversation_id => v_scope,
                                     p_after_distance => v_far, p_after_id => v_last) n
        join memory.embeddings e on e.user_id = p_user_id and e.id = n.id and e.model_id = p_model.id
        join memory.semantic_memories m on m.user_id = p_user_id and m.id = e.memory_id;
      v_found := v_found || v_near;
      exit when not v_full or cardinality(v_near) > p_most / 2;
    end loop;
  end loop;

  return array(select distinct f.id from unnest(v_found) as f (id));
end
$$;

comment on function core.memory_candidates(uuid, tsquery[], memory.embedding_models, ext.vector, uuid, text, jsonb, timestamptz,
                                           integer) is
  'Of many memories, those that a recall has to compare';
alter function core.memory_candidates(uuid, tsquery[], memory.embedding_models, ext.vector, uuid, text, jsonb, timestamptz,
                                      integer) owner to plinth_system;
