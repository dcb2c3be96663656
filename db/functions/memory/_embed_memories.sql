-- core.embed_memories: keeps the vectors that came with memories of one user; where there is none (NULL), none is
-- kept.
--
-- Errors  those of core.put_embeddings; VL001 a model is named and no vector came. A vector that its model could not
--         have made is named by p_path:
--         'memories[%s].'
-- Locks   those of core.put_embeddings
create or replace function core.embed_memories(
  p_user_id    uuid,
  p_ids        uuid[],
  p_contents   text[],
  p_embeddings ext.vector[],
  p_model      text,
  p_path       text default ''
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_model memory.embedding_models;
begin
  if num_nonnulls(variadic p_embeddings) = 0 then
    if p_model is not null then
      perform base.raise('VL001', 'model says what made embedding, and there is none', 'model');
    end if;
    return;
  end if;
  v_model := core.embedding_model(p_model);
  for v_n in 1..cardinality(p_ids) loop
    if p_embeddings[v_n] is not null then
      perform core.check_embedding(v_model, p_embeddings[v_n], format(p_path, v_n - 1) || 'embedding');
    end if;
  end loop;

  perform p.id
     from (select array_agg(i.content) as contents, array_agg(i.embedding) as embeddings, array_agg(''::text) as collections,
                  array_agg(i.id) as ids
             from unnest(p_ids, p_contents, p_embeddings) as i (id, content, embedding)
            where i.embedding is not null) k
    cross join lateral core.put_embeddings(p_user_id, v_model, k.contents, k.embeddings, k.collections, null, k.ids, null, null,
                                           true, true) p;
end
$$;

comment on function core.embed_memories(uuid, uuid[], text[], ext.vector[], text, text) is
  'Keeps the vectors that came with memories of one user';
