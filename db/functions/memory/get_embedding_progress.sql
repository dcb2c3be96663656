-- api.get_embedding_progress: how far a model is with the texts of another one.
--
-- Rules   done counts, user by user, as many as the model has, and no more than the other one has; both from
--         memory.embedding_counts, so that it costs the same for any number of texts. Which texts are missing says
--         list_missing_embeddings.
-- Permission embeddings:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such model; VL003 no model is named
-- Owned by plinth_system: adds up the counts of everybody.
create or replace function api.get_embedding_progress(p_name text, p_from text)
returns table (total bigint, done bigint, missing bigint, users bigint, users_done bigint)
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_model_id integer;
  v_from_id  integer;
begin
  perform core.require_permission('embeddings:manage');
  if p_name is null or p_from is null then
    perform base.raise('VL003', 'Name both models', case when p_name is null then 'name' else 'from' end);
  end if;
  v_model_id := (core.embedding_model(p_name)).id;
  v_from_id := (core.embedding_model(p_from)).id;
  return query
    select coalesce(sum(f.embeddings), 0)::bigint, coalesce(sum(least(f.embeddings, coalesce(m.embeddings, 0))), 0)::bigint,
           coalesce(sum(f.embeddings - least(f.embeddings, coalesce(m.embeddings, 0))), 0)::bigint,
           count(*), count(*) filter (where m.embeddings >= f.embeddings)
      from memory.embedding_counts f
      left join memory.embedding_counts m on m.user_id = f.user_id and m.model_id = v_model_id
     where f.model_id = v_from_id and f.embeddings > 0;
end
$$;

comment on function api.get_embedding_progress(text, text) is 'How far an embedding model is with the texts of another';
grant execute on function api.get_embedding_progress(text, text) to plinth_web, plinth_operator;
alter function api.get_embedding_progress(text, text) owner to plinth_system;
select http.expose('GET /v1/embedding-models/{name}/progress', 'api.get_embedding_progress',
                   permission => 'embeddings:manage', lane => 'slow');
