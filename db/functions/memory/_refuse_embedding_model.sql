-- core.refuse_embedding_model: says in words which rule of memory.embedding_models was broken.
--
-- Errors  VL001 always
create or replace function core.refuse_embedding_model(p_constraint text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_field text := substr(p_constraint, length('embedding_models_') + 1,
                         length(p_constraint) - length('embedding_models__check'));
begin
  perform base.raise('VL001', case v_field
    when 'name' then 'name must have 1 to 100 characters: letters, digits, and after the first also . _ : @ -'
    when 'description' then 'description must have at most 500 characters'
    when 'dimensions' then 'dimensions must be from 1 to 4,000'
    when 'metric' then 'metric must be cosine, l2 or inner_product'
    when 'storage' then 'storage must be vector, which goes to 2,000 dimensions, or halfvec'
    when 'index_kind' then 'index_kind must be hnsw, ivfflat or none'
    when 'hnsw_m' then 'hnsw_m must be from 2 to 100'
    when 'hnsw_ef_construction' then 'hnsw_ef_construction must be from 4 to 1,000, and twice hnsw_m at least'
    when 'hnsw_ef_search' then 'hnsw_ef_search must be from 1 to 1,000'
    when 'ivfflat_lists' then 'ivfflat_lists must be from 1 to 32,768'
    when 'ivfflat_probes' then 'ivfflat_probes must be from 1 to ivfflat_lists'
    when 'state' then 'state must be active or retired'
    when 'is_default' then 'A retired model is not the default one: make another the default first'
    end, case v_field when 'is_default' then 'state' else v_field end);
end
$$;

comment on function core.refuse_embedding_model(text) is 'Says which rule of memory.embedding_models was broken';
