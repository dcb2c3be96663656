-- api.update_embedding_model: changes how a model is searched, which index it should have, or whether it is the
-- default.
--
-- Rules   What is not named stays; probes are no more than the lists that are named, ef_construction no less than twice
--         the m. ef_search and probes count from the next search on. Another index is built by an operator, while
--         searches use the one there is (plinth embeddings index); the model says until then which one it should have.
--         Dimensions, metric and storage never change: register another model and embed the texts anew.
--         A retired model is searched, but nothing is added to it. default makes it the one that is meant where none
--         is named; the former default is so no more.
--         With p_version the change is made only while that is the current version (optimistic).
-- Permission embeddings:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such model; VL001 a field breaks a
--         rule; KC002 the version is not the current one
-- Locks   of a new default, first what whoever makes a model locks; the row of the former default, then the model's
create or replace function api.update_embedding_model(
  p_name                 text,
  p_description          text default null,
  p_index_kind           text default null,
  p_hnsw_m               integer default null,
  p_hnsw_ef_construction integer default null,
  p_hnsw_ef_search       integer default null,
  p_ivfflat_lists        integer default null,
  p_ivfflat_probes       integer default null,
  p_state                text default null,
  p_default              boolean default null,
  p_version              integer default null
)
returns setof core.embedding_model_details
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_model memory.embedding_models;
begin
  perform core.require_permission('embeddings:manage');
  if p_default then  -- who makes a model waits as well: there is one default
    update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
  end if;
  perform from memory.embedding_models m where m.is_default or m.name = p_name order by m.is_default desc for no key update;
  select m.* into v_model from memory.embedding_models m where m.name = p_name;
  if not found then
    perform base.raise('NF001', format('There is no embedding model %s', left(p_name, 100)), 'name');
  end if;
  if p_version <> v_model.version then
    perform base.raise('KC002', format('The version is %s by now, not %s', v_model.version, p_version), 'version');
  end if;

  v_model.description := coalesce(p_description, v_model.description);
  v_model.index_kind := coalesce(p_index_kind, v_model.index_kind);
  v_model.hnsw_m := coalesce(p_hnsw_m, v_model.hnsw_m);
  v_model.hnsw_ef_construction := coalesce(p_hnsw_ef_construction,
                                           greatest(v_model.hnsw_ef_construction, 2 * least(v_model.hnsw_m, 100)));
  v_model.hnsw_ef_search := coalesce(p_hnsw_ef_search, v_model.hnsw_ef_search);
  v_model.ivfflat_lists := coalesce(p_ivfflat_lists, v_model.ivfflat_lists);
  v_model.ivfflat_probes := coalesce(p_ivfflat_probes, least(v_model.ivfflat_probes, p_ivfflat_lists));
  v_model.state := coalesce(p_state, v_model.state);
  v_model.is_default := coalesce(p_default, v_model.is_default);
  perform core.check_embedding_model(v_model);

  if p_default then
    update memory.embedding_models m set is_default = false where m.is_default and m.name <> p_name;
  end if;
  update memory.embedding_models m
     set description = btrim(v_model.description), index_kind = v_model.index_kind, hnsw_m = v_model.hnsw_m,
         hnsw_ef_construction = v_model.hnsw_ef_construction, hnsw_ef_search = v_model.hnsw_ef_search,
         ivfflat_lists = v_model.ivfflat_lists, ivfflat_probes = v_model.ivfflat_probes, state = v_model.state,
         is_default = v_model.is_default
   where m.name = p_name;

  return query select d.* from core.embedding_model_details d where d.name = p_name;
end
$$;

comment on function api.update_embedding_model(text, text, text, integer, integer, integer, integer, integer, text, boolean,
                                               integer) is
  'Changes an embedding model; what is not named stays';
grant execute on function api.update_embedding_model(text, text, text, integer, integer, integer, integer, integer, text,
                                                     boolean, integer) to plinth_web, plinth_operator;
select http.expose('PATCH /v1/embedding-models/{name}', 'api.update_embedding_model', permission => 'embeddings:manage');
