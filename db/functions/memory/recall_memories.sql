-- api.recall_memories: what is worth remembering now: memories by how similar they are to what is asked, how recent,
-- and how important, the best first, with the parts of each score.
--
-- Rules   query is a text, embedding a vector of model (or of the default one); one of them or both. similarity is the
--         better of two: the share of the query's words that a memory has, and how near its vector is (from 0 to 1).
--         recency is 1 for what became true now, half of it after half_life_days (memory.half_life_days), and so on.
--         score is the mean of similarity, recency and importance by their weights.
--         What counts in all conversations; with conversation_id also what counts in that one. Only what is true now,
--         or with as_of was true then; recency counts from that moment.
--         As many rows come back as were asked for whenever so many memories hold; there are no pages. Up to
--         memory.compared_limit memories are compared one by one (way: all). Of more, the candidates of
--         core.memory_candidates are (way: candidates).
--         Each memory that is shown counts as recalled, within a minute or so, unless count says no or the transaction
--         only reads. That is one short row, whatever the number of memories.
-- Errors  UN001 nobody is signed in; VL003 neither query nor embedding, or no model is named and there is no default;
--         VL001 a field breaks a rule; NF001 there is no such conversation or model
-- Why plan_cache_mode   One statement serves every mix of filters, and is planned with those of the call.
-- Why between   As in core.put_embeddings: each is found by its key, however few rows there were at the last ANALYZE.
-- Why enable_sort   The rows to compare come in order from the key, as many as it takes: of a user nobody took
--         statistics of yet, the planner would read and sort all, and without an order it would read the table, of
--         which it thinks that most is the user's, from its beginning.
-- Owned by plinth_system: under a policy, words and metadata would not be found by their index. Each statement names
--         the user.
create or replace function api.recall_memories(
  p_user_id           uuid,
  p_query             text default null,
  p_embedding         ext.vector default null,
  p_model             text default null,
  p_conversation_id   uuid default null,
  p_kind              text default null,
  p_metadata          jsonb default null,
  p_as_of             timestamptz default null,
  p_similarity_weight double precision default 1,
  p_recency_weight    double precision default 0.25,
  p_importance_weight double precision default 0.25,
  p_half_life_days    double precision default null,
  p_count             boolean default true,
  p_limit             integer default 50
)
returns table (
  id                uuid,
  conversation_id   uuid,
  kind              text,
  content           text,
  metadata          jsonb,
  score             double precision,
  similarity        double precision,
  vector_similarity double precision,
  text_similarity   double precision,
  recency           double precision,
  importance        double precision,
  valid_from        timestamptz,
  valid_to          timestamptz,
  way               text,
  cursor            text
)
language plpgsql
volatile
security definer
rows 50
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_sort = off
as $$
declare
  c_compared constant integer := base.setting('memory.compared_limit');
  v_at       timestamptz := coalesce(p_as_of, now());
  v_days     double precision := coalesce(p_half_life_days, base.setting('memory.half_life_days')::double precision);
  v_fault    text;
  v_language text;
  v_model    memory.embedding_models;
  v_half     ext.halfvec;
  v_words    tsquery[] := '{}';
  v_ids      uuid[];
  v_scope    uuid;
  v_by       text;
  v_shown    uuid[] := '{}';
begin
  p_user_id := core.act_for(p_user_id);
  p_limit := coalesce(p_limit, 50);

  if p_query is null and p_embedding is null then
    perform base.raise('VL003', 'Say what to recall: query, embedding, or both', 'query');
  end if;
  if length(p_query) > 10000 then
    perform base.raise('VL001', 'query must have at most 10,000 characters', 'query');
  end if;
  if p_limit not between 1 and 201 then
    perform base.raise('VL001', 'limit must be from 1 to 200', 'limit');
  end if;
  if not isfinite(p_as_of) then
    perform base.raise('VL001', 'as_of must be a moment', 'as_of');
  end if;
  if v_days not between 0.001 and 36500 then
    perform base.raise('VL001', 'half_life_days must be from 0.001 to 36,500', 'half_life_days');
  end if;
  -- Of less, a share is no number any more.
  v_fault := (select w.name
                from (values (1, 'similarity_weight', p_similarity_weight), (2, 'recency_weight', p_recency_weight),
                             (3, 'importance_weight', p_importance_weight)) as w (n, name, weight)
               where w.weight not between 0.000001 and 100 and w.weight <> 0
               order by w.n limit 1);
  if v_fault is not null or p_similarity_weight + p_recency_weight + p_importance_weight = 0 then
    perform base.raise('VL001', 'weights must be from 0.000001 to 100, or 0, and not all 0',
                       coalesce(v_fault, 'similarity_weight'));
  end if;
  perform core.check_memory_filter(p_user_id, null, null, p_metadata);
  if p_conversation_id is not null then
    v_language := (core.require_conversation(p_user_id, p_conversation_id)).language;
  end if;

  if p_query is not null then
    v_words := core.recall_words(p_query, chat.search_config(coalesce(v_language, base.setting('chat.language'))));
  end if;
  if p_model is not null or p_embedding is not null then
    v_model := core.embedding_model(p_model);
  end if;
  if p_embedding is not null then
    perform core.check_embedding(v_model, p_embedding, 'embedding');
    v_half := case v_model.storage when 'halfvec' then p_embedding::ext.halfvec end;
  end if;

  way := 'all';
  -- A kind that is frequent may still be rare among what counts in all conversations.
  v_by := case when p_metadata is not null and core.memories_are_rare(p_user_id, null, p_metadata) then 'metadata'
               when p_kind is not null
                    and (core.memories_are_rare(p_user_id, p_kind, p_metadata)
                         or (select count(*) = 1000 and count(*) filter (where n.kind = p_kind) <= 50
                               from (select m.kind from memory.semantic_memories m
                                      where m.user_id = p_user_id and m.conversation_id is null
                                      order by m.conversation_id desc, m.valid_from desc limit 1000) n)) then 'kind' end;
  if v_by is not null then
    v_ids := array(
      select k.id
        -- "offset 0": by the index of what is rare, whatever the planner thinks of the rest.
        from (select m.id, m.conversation_id, core.memory_holds(m, v_at, p_kind, p_metadata) as holds
                from memory.semantic_memories m
               where m.user_id = p_user_id and (v_by <> 'kind' or m.kind between p_kind and p_kind)
                 and (v_by <> 'metadata' or m.metadata @> p_metadata)
               order by case when v_by = 'kind' then m.kind end
              offset 0) k
       where k.holds and (k.conversation_id is null or k.conversation_id = p_conversation_id)
       limit c_compared + 1);
  else
    -- Not along the key: what belongs to other conversations, or came later, is no business of this.
    foreach v_scope in array array[null, p_conversation_id] loop
      exit when v_ids is not null and (v_scope is null or cardinality(v_ids) > c_compared);
      v_ids := v_ids || array(
        select m.id from memory.semantic_memories m
         where m.user_id = p_user_id and (v_scope is null and m.conversation_id is null or m.conversation_id = v_scope)
           and core.memory_holds(m, v_at, p_kind, p_metadata)
         order by m.conversation_id desc, m.valid_from desc
         limit c_compared + 1);
    end loop;
  end if;
  if cardinality(v_ids) > c_compared then
    way := 'candidates';
    v_ids := core.memory_candidates(p_user_id, v_words, v_model, p_embedding, p_conversation_id, p_kind, p_metadata, v_at,
                                    array[p_similarity_weight, p_recency_weight, p_importance_weight], v_days,
                                    greatest(200, 2 * p_limit));
  end if;

  for id, conversation_id, kind, content, metadata, score, similarity, vector_similarity, text_similarity, recency, importance,
      valid_from, valid_to in
    select m.id, m.conversation_id, m.kind, m.content, m.metadata, b.score, b.similarity, b.near, b.words, b.recency,
           m.importance, m.valid_from, m.valid_to
      from (select c.*,
                   (p_similarity_weight * c.similarity + p_recency_weight * c.recency + p_importance_weight * c.importance)
                   / (p_similarity_weight + p_recency_weight + p_importance_weight) as score
              from (select s.id, s.importance, s.near, s.words, coalesce(greatest(s.near, s.words), 0) as similarity,
                           core.memory_recency(s.valid_from, v_at, v_days) as recency
                      from (select k.id, k.importance, k.valid_from,
                                   (select count(*) from unnest(v_words) w where k.search @@ w)::double precision
                                   / nullif(cardinality(v_words), 0) as words,
                                   case when d.distance is not null then
                                     case v_model.metric
                                       when 'cosine' then greatest(1 - d.distance, 0)
                                       when 'l2' then 1 / (1 + d.distance)
                                       else least(greatest(-d.distance, 0), 1) end end as near
                              from (
                                (select a.id, a.importance, a.valid_from, a.search from memory.semantic_memories a
                                  where way = 'all' and a.user_id = p_user_id and a.id = any (v_ids)
                                  order by a.id offset 0)
                                union all
                                select c.id, c.importance, c.valid_from, c.search
                                  from unnest(v_ids) as i (id)
                                 cross join lateral (
                                   select o.* from memory.semantic_memories o
                                    where o.user_id = p_user_id and o.id between i.id and i.id
                                    order by o.id limit 1) c
                                 where way <> 'all') k
                              left join lateral (
                                select min(case v_model.metric
                                  when 'cosine' then coalesce(e.embedding operator(ext.<=>) p_embedding,
                                                              e.half_embedding operator(ext.<=>) v_half)
                                  when 'l2' then coalesce(e.embedding operator(ext.<->) p_embedding,
                                                          e.half_embedding operator(ext.<->) v_half)
                                  else coalesce(e.embedding operator(ext.<#>) p_embedding,
                                                e.half_embedding operator(ext.<#>) v_half) end) as distance
                                  from (select v.embedding, v.half_embedding from memory.embeddings v
                                         where p_embedding is not null and v.user_id = p_user_id
                                           and v.memory_id between k.id and k.id and v.model_id = v_model.id
                                         order by v.memory_id offset 0) e) d on true) s) c
             order by score desc, c.id desc
             limit p_limit) b
     cross join lateral (
       select k.* from memory.semantic_memories k
        where k.user_id = p_user_id and k.id between b.id and b.id
        order by k.id offset 0) m
     order by b.score desc, b.id desc
  loop
    v_shown := v_shown || id;
    return next;
  end loop;

  if p_count and v_shown <> '{}' and current_setting('transaction_read_only') = 'off' then
    -- A request asks for one more than it shows, as for any list.
    if current_setting('plinth.caller', true) <> '' then
      v_shown := v_shown[:p_limit - 1];
    end if;
    insert into memory.recalls (user_id, memory_ids) values (p_user_id, v_shown);
  end if;
end
$$;

comment on function
  api.recall_memories(uuid, text, ext.vector, text, uuid, text, jsonb, timestamptz, double precision, double precision,
                      double precision, double precision, boolean, integer) is
  'What is worth remembering now: memories by similarity, recency and importance';
grant execute on function
  api.recall_memories(uuid, text, ext.vector, text, uuid, text, jsonb, timestamptz, double precision, double precision,
                      double precision, double precision, boolean, integer)
  to plinth_web, plinth_operator;
alter function
  api.recall_memories(uuid, text, ext.vector, text, uuid, text, jsonb, timestamptz, double precision, double precision,
                      double precision, double precision, boolean, integer)
  owner to plinth_system;
-- That it was recalled is counted, but for whoever asks this is reading.
select http.expose('POST /v1/memories/recall', 'api.recall_memories', permission => 'self:read', lane => 'slow',
                   once => 'never');
