-- api.search_similar_embeddings: the caller's texts that are nearest to a vector, nearest first, with how near they
-- are.
--
-- Rules   As many rows come back as were asked for whenever so many fit the filters, however few do. way tells how
--         they were found: exact compared all that fit, index asked the model's index, which finds nearly all of the
--         nearest; the database takes the cheaper one. p_exact asks for exact.
--         score is 1 - distance for cosine, the inner product, or 1 / (1 + distance) for l2: more is nearer.
--         p_kind is message, memory or text (what hangs on neither). p_metadata: what metadata must contain.
--         p_ef_search (1 to 1,000): candidates the index looks at; more find more and take longer.
--         What hangs on a deleted conversation or an expired memory is not found.
-- Errors  UN001 nobody is signed in; NF001 there is no such model or conversation; VL003 no vector, or no model named
--         and no default; VL001 the vector has not the model's length, kind, limit, ef_search or metadata break a
--         rule, or after is not a place in this list
-- Owned by plinth_system: row policies would keep metadata from its index. Every statement names the user.
create or replace function api.search_similar_embeddings(
  p_user_id         uuid,
  p_embedding       ext.vector,
  p_model           text default null,
  p_exact           boolean default false,
  p_collection      text default null,
  p_kind            text default null,
  p_conversation_id uuid default null,
  p_metadata        jsonb default null,
  p_min_score       double precision default null,
  p_ef_search       integer default null,
  p_with_embedding  boolean default false,
  p_after           text default null,
  p_limit           integer default 10
)
returns table (
  id              uuid,
  model           text,
  distance        double precision,
  score           double precision,
  content         text,
  metadata        jsonb,
  collection      text,
  message_id      uuid,
  memory_id       uuid,
  conversation_id uuid,
  embedding       real[],
  way             text,
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
  v_model memory.embedding_models;
begin
  p_user_id := core.act_for(p_user_id);
  v_model := core.embedding_model(p_model);
  -- Most searches have none of these, and to find nothing wrong with them takes time, too.
  if coalesce(p_kind, p_conversation_id::text, p_metadata::text) is not null then
    perform core.check_embedding_filters(p_user_id, p_kind, p_conversation_id, p_metadata);
  end if;
  if p_ef_search not between 1 and 1000 then
    perform base.raise('VL001', 'ef_search must be from 1 to 1,000', 'ef_search');
  end if;
  if p_limit not between 1 and 1000 then
    perform base.raise('VL001', 'limit must be from 1 to 1,000', 'limit');
  end if;
  if p_after !~ '^-?[0-9]{1,17}(\.[0-9]{1,25})?(e[-+]?[0-9]{1,2})?,[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform base.raise('VL001', 'after must be the "next" of an earlier answer', 'after');
  end if;

  return query
    select distinct on (n.distance, n.id)
           n.id, v_model.name, n.distance, s.score, n.content, n.metadata, n.collection, n.message_id, n.memory_id,
           n.conversation_id, n.embedding, n.way, n.created_at, format('%s,%s', n.distance, n.id)
      from models.nearest(p_user_id, v_model, p_embedding, coalesce(p_limit, 10), coalesce(p_exact, false),
                                   p_collection, p_kind, p_conversation_id, p_metadata, p_ef_search,
                                   split_part(p_after, ',', 1)::double precision, split_part(p_after, ',', 2)::uuid,
                                   coalesce(p_with_embedding, false)) n
     cross join lateral (select case v_model.metric when 'cosine' then 1 - n.distance when 'l2' then 1 / (1 + n.distance)
                                                    else -n.distance end as score) s
     where p_min_score is null or s.score >= p_min_score
     order by n.distance, n.id, n.way
     limit coalesce(p_limit, 10);
end
$$;

comment on function api.search_similar_embeddings(uuid, ext.vector, text, boolean, text, text, uuid, jsonb,
                                                  double precision, integer, boolean, text, integer) is
  'The caller''s texts that are nearest to a vector';
grant execute on function api.search_similar_embeddings(uuid, ext.vector, text, boolean, text, text, uuid, jsonb,
                                                        double precision, integer, boolean, text, integer)
  to plinth_web, plinth_operator;
alter function api.search_similar_embeddings(uuid, ext.vector, text, boolean, text, text, uuid, jsonb, double precision,
                                             integer, boolean, text, integer) owner to plinth_system;
select http.expose('POST /v1/embeddings/search', 'api.search_similar_embeddings', lane => 'slow');
