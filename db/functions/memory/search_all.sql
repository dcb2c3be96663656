-- api.search_all: hybrid search. One list of messages and memories, found by their words, by a vector, or by both; each
-- row says which part found it, and at which place.
--
-- Rules   query is what search_messages takes: words that must all be there, "a phrase", -not, or. embedding is the
--         vector that model (or the default one) made of what is looked for. One of them or both.
--         Each part is a list of its own over all sources, the best first (ties: the newest first): text_rank is the
--         place by text_score, vector_rank the place by distance. score is their reciprocal rank fusion:
--         text_weight / (k + text_rank) + vector_weight / (k + vector_rank), without what did not find the row. Places
--         are given to the best of each source, twice as many as are asked for and at least 100; of words, to the
--         newest that have them, and of vectors, to those among the nearest 20,000 whose text fits.
--         sources are messages and memories; of memories, those that are true now. from is included, to is not. What
--         is of a deleted conversation, or has expired, is not found.
--         language as for search_messages. highlight is html (escaped, hits in <mark>), text (hits in **) or none.
--         As many rows come back as were asked for whenever so many are found; there are no pages.
--         Another source is a function like core.search_in_memories and a line here.
-- Errors  UN001 nobody is signed in; VL003 neither query nor embedding, or no model is named and there is no default;
--         VL001 a field breaks a rule; NF001 there is no such conversation or model
-- Owned by plinth_system: under a policy on the user, no search would use its index. Each statement names the user.
create or replace function api.search_all(
  p_user_id         uuid,
  p_query           text default null,
  p_embedding       ext.vector default null,
  p_model           text default null,
  p_sources         text[] default '{messages,memories}',
  p_conversation_id uuid default null,
  p_from            timestamptz default null,
  p_to              timestamptz default null,
  p_text_weight     double precision default 1,
  p_vector_weight   double precision default 1,
  p_k               integer default 60,
  p_language        text default null,
  p_highlight       text default 'html',
  p_limit           integer default 50
)
returns table (
  source          text,
  id              uuid,
  conversation_id uuid,
  content         text,
  highlight       text,
  score           double precision,
  text_rank       integer,
  vector_rank     integer,
  text_score      real,
  distance        double precision,
  created_at      timestamptz,
  cursor          text
)
language plpgsql
stable
security definer
rows 50
set search_path = pg_catalog, pg_temp
as $$
declare
  v_most  integer;
  v_query tsquery;
  v_model memory.embedding_models;
begin
  p_user_id := core.act_for(p_user_id);
  p_limit := coalesce(p_limit, 50);
  v_most := greatest(100, 2 * p_limit);

  if p_query is null and p_embedding is null then
    perform base.raise('VL003', 'Say what to look for: query, embedding, or both', 'query');
  end if;
  if p_limit not between 1 and 201 then
    perform base.raise('VL001', 'limit must be from 1 to 200', 'limit');
  end if;
  if p_sources is null or p_sources = '{}' or not p_sources <@ '{messages,memories}' then
    perform base.raise('VL001', 'sources must be messages, memories, or both', 'sources');
  end if;
  -- Of less, a share is no number any more.
  if p_text_weight is null or p_text_weight not between 0.000001 and 100 and p_text_weight <> 0 then
    perform base.raise('VL001', 'text_weight must be from 0.000001 to 100, or 0', 'text_weight');
  end if;
  if p_vector_weight is null or p_vector_weight not between 0.000001 and 100 and p_vector_weight <> 0 then
    perform base.raise('VL001', 'vector_weight must be from 0.000001 to 100, or 0', 'vector_weight');
  end if;
  if p_k is null or p_k not between 1 and 1000 then
    perform base.raise('VL001', 'k must be from 1 to 1,000', 'k');
  end if;
  if not isfinite(p_from) or not isfinite(p_to) then
    perform base.raise('VL001', 'from and to must be moments', case when not isfinite(p_from) then 'from' else 'to' end);
  end if;
  if p_language not in (select c.cfgname from pg_ts_config c where c.cfgnamespace = 'pg_catalog'::regnamespace) then
    perform base.raise('VL001', 'language must be a text search configuration, such as english, german or simple', 'language');
  end if;
  if p_highlight is null or p_highlight not in ('html', 'text', 'none') then
    perform base.raise('VL001', 'highlight must be html, text or none', 'highlight');
  end if;
  if p_conversation_id is not null then
    p_language := coalesce(p_language, (core.require_conversation(p_user_id, p_conversation_id)).language);
  end if;

  if p_query is not null then
    v_query := core.search_query(p_query, chat.search_config(coalesce(p_language, base.setting('chat.language'))));
  end if;
  if p_model is not null or p_embedding is not null then
    v_model := core.embedding_model(p_model);
  end if;
  if p_embedding is not null then
    perform core.check_embedding(v_model, p_embedding, 'embedding');
  end if;

  return query
    with hits as (
      select f.* from core.search_in_messages(p_user_id, v_query, v_model, p_embedding, v_most, p_conversation_id, p_from, p_to) f
       where 'messages' = any (p_sources)
      union all
      select f.* from core.search_in_memories(p_user_id, v_query, v_model, p_embedding, v_most, p_conversation_id, p_from, p_to) f
       where 'memories' = any (p_sources)
    ), placed as (
      select f.*,
             case when f.text_score is not null then
               row_number() over (partition by f.text_score is null order by f.text_score desc, f.id desc) end as word_place,
             case when f.distance is not null then
               row_number() over (partition by f.distance is null order by f.distance, f.id desc) end as near_place
        from hits f
    ), fused as (
      select p.*,
             coalesce(p_text_weight / (p_k + p.word_place), 0) + coalesce(p_vector_weight / (p_k + p.near_place), 0) as fusion
        from placed p
       order by fusion desc, p.id desc
       limit p_limit
    )
    select f.source, f.id, f.conversation_id, f.content,
           core.highlight(chat.search_config(f.language), f.content, v_query, p_highlight),
           f.fusion, f.word_place::integer, f.near_place::integer, f.text_score, f.distance, f.created_at, null::text
      from fused f
     order by f.fusion desc, f.id desc;
end
$$;

comment on function
  api.search_all(uuid, text, ext.vector, text, text[], uuid, timestamptz, timestamptz, double precision, double precision,
                 integer, text, text, integer) is
  'Hybrid search: messages and memories by words and by a vector, fused by rank, with which part found what';
grant execute on function
  api.search_all(uuid, text, ext.vector, text, text[], uuid, timestamptz, timestamptz, double precision, double precision,
                 integer, text, text, integer)
  to plinth_web, plinth_operator;
alter function
  api.search_all(uuid, text, ext.vector, text, text[], uuid, timestamptz, timestamptz, double precision, double precision,
                 integer, text, text, integer)
  owner to plinth_system;
select http.expose('POST /v1/search', 'api.search_all', lane => 'slow');
