-- core.check_embedding_model: the rules of an embedding model, whoever makes or changes it. The table checks the same
-- again; here the caller learns which rule it was. A description counts as it was sent: http.guards tells the rule.
--
-- Errors  VL001 a field breaks a rule
create or replace function core.check_embedding_model(p_model memory.embedding_models)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_model.name !~ '^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$' then
    perform base.raise('VL001', 'name must have 1 to 100 characters: letters, digits, and after the first also . _ : @ -', 'name');
  end if;
  if length(p_model.description) > 500 then
    perform base.raise('VL001', 'description must have at most 500 characters', 'description');
  end if;
  if p_model.dimensions not between 1 and 4000 then
    perform base.raise('VL001', 'dimensions must be from 1 to 4,000', 'dimensions');
  end if;
  if p_model.metric not in ('cosine', 'l2', 'inner_product') then
    perform base.raise('VL001', 'metric must be cosine, l2 or inner_product', 'metric');
  end if;
  if p_model.storage not in ('vector', 'halfvec') or p_model.storage = 'vector' and p_model.dimensions > 2000 then
    perform base.raise('VL001', 'storage must be vector, which goes to 2,000 dimensions, or halfvec', 'storage');
  end if;
  if p_model.index_kind not in ('hnsw', 'ivfflat', 'none') then
    perform base.raise('VL001', 'index_kind must be hnsw, ivfflat or none', 'index_kind');
  end if;
  if p_model.hnsw_m not between 2 and 100 then
    perform base.raise('VL001', 'hnsw_m must be from 2 to 100', 'hnsw_m');
  end if;
  if p_model.hnsw_ef_construction not between 4 and 1000 or p_model.hnsw_ef_construction < 2 * p_model.hnsw_m then
    perform base.raise('VL001', 'hnsw_ef_construction must be from 4 to 1,000, and twice hnsw_m at least', 'hnsw_ef_construction');
  end if;
  if p_model.hnsw_ef_search not between 1 and 1000 then
    perform base.raise('VL001', 'hnsw_ef_search must be from 1 to 1,000', 'hnsw_ef_search');
  end if;
  if p_model.ivfflat_lists not between 1 and 32768 then
    perform base.raise('VL001', 'ivfflat_lists must be from 1 to 32,768', 'ivfflat_lists');
  end if;
  if p_model.ivfflat_probes < 1 or p_model.ivfflat_probes > p_model.ivfflat_lists then
    perform base.raise('VL001', 'ivfflat_probes must be from 1 to ivfflat_lists', 'ivfflat_probes');
  end if;
  if p_model.state not in ('active', 'retired') then
    perform base.raise('VL001', 'state must be active or retired', 'state');
  elsif p_model.state = 'retired' and p_model.is_default then
    perform base.raise('VL001', 'A retired model is not the default one: make another the default first', 'state');
  end if;
end
$$;

comment on function core.check_embedding_model(memory.embedding_models) is 'Refuses an embedding model that breaks a rule';
