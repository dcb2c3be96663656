-- api.create_embedding_model: registers a model whose vectors are to be kept, and makes room for them.
--
-- Rules   storage is vector up to 2,000 dimensions and halfvec beyond, unless it is named. An hnsw index is there
--         from the beginning; ivfflat learns from rows and is made later (plinth embeddings index). Unless they are
--         named, probes are 10, or as many as there are lists, and ef_construction is 128, or twice m.
--         The first model is the default one; default makes this one it.
--         Others are read and written meanwhile.
-- Permission embeddings:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; VL003 name or dimensions are missing; VL001 a field
--         breaks a rule; KC001 the name is taken; KC008 there are embeddings.model_limit models; 55P03 see
--         core.make_embedding_partition
-- Locks   the row of the setting embeddings.model_limit, those of core.make_embedding_partition. In a transaction, make
--         a model first: what was written to accounts, messages or memories before holds up another that is being made,
--         and who waits for that one's row then gets 40P01
create or replace function api.create_embedding_model(
  p_name                 text,
  p_dimensions           integer,
  p_description          text default '',
  p_metric               text default 'cosine',
  p_storage              text default null,
  p_index_kind           text default 'hnsw',
  p_hnsw_m               integer default 16,
  p_hnsw_ef_construction integer default null,
  p_hnsw_ef_search       integer default 100,
  p_ivfflat_lists        integer default 100,
  p_ivfflat_probes       integer default null,
  p_default              boolean default false
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
  if p_name is null or p_dimensions is null then
    perform base.raise('VL003', 'A model needs a name and dimensions', case when p_name is null then 'name' else 'dimensions' end);
  end if;

  update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
  if (select count(*) from memory.embedding_models m) >= base.setting('embeddings.model_limit')::integer then
    perform base.raise('KC008', format('There are %s models already; drop one', base.setting('embeddings.model_limit')));
  end if;
  if p_default then
    update memory.embedding_models m set is_default = false where m.is_default;
  end if;

  v_model.name := p_name;
  v_model.description := coalesce(p_description, '');
  v_model.dimensions := p_dimensions;
  v_model.metric := coalesce(p_metric, 'cosine');
  v_model.storage := coalesce(p_storage, case when p_dimensions <= 2000 then 'vector' else 'halfvec' end);
  v_model.index_kind := coalesce(p_index_kind, 'hnsw');
  v_model.hnsw_m := coalesce(p_hnsw_m, 16);
  v_model.hnsw_ef_construction := coalesce(p_hnsw_ef_construction, greatest(128, 2 * least(v_model.hnsw_m, 100)));
  v_model.hnsw_ef_search := coalesce(p_hnsw_ef_search, 100);
  v_model.ivfflat_lists := coalesce(p_ivfflat_lists, 100);
  v_model.ivfflat_probes := coalesce(p_ivfflat_probes, least(10, p_ivfflat_lists));
  v_model.is_default := coalesce(p_default, false) or not exists (select from memory.embedding_models m where m.is_default);
  perform core.check_embedding_model(v_model);

  insert into memory.embedding_models
    (name, description, dimensions, metric, storage, index_kind, hnsw_m, hnsw_ef_construction, hnsw_ef_search,
     ivfflat_lists, ivfflat_probes, is_default)
  values
    (v_model.name, btrim(v_model.description), v_model.dimensions, v_model.metric, v_model.storage, v_model.index_kind,
     v_model.hnsw_m, v_model.hnsw_ef_construction, v_model.hnsw_ef_search, v_model.ivfflat_lists, v_model.ivfflat_probes,
     v_model.is_default)
  on conflict on constraint embedding_models_name_key do nothing
  returning * into v_model;
  if not found then
    perform base.raise('KC001', 'The name is taken', 'name');
  end if;
  perform core.make_embedding_partition(v_model);

  return query select d.* from core.embedding_model_details d where d.name = p_name;
end
$$;

comment on function api.create_embedding_model(text, integer, text, text, text, text, integer, integer, integer, integer,
                                               integer, boolean) is
  'Registers an embedding model and makes room for its vectors';
grant execute on function api.create_embedding_model(text, integer, text, text, text, text, integer, integer, integer,
                                                     integer, integer, boolean) to plinth_web, plinth_operator;
select http.expose('POST /v1/embedding-models', 'api.create_embedding_model', permission => 'embeddings:manage',
                   status => 201, lane => 'slow');
