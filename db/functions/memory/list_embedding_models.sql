-- api.list_embedding_models: the embedding models there are, by name.
--
-- Errors  UN001 nobody is signed in
create or replace function api.list_embedding_models(p_user_id uuid, p_after text default null, p_limit integer default 50)
returns table (
  name                 text,
  description          text,
  dimensions           integer,
  metric               text,
  storage              text,
  index_kind           text,
  index_state          text,
  hnsw_m               integer,
  hnsw_ef_construction integer,
  hnsw_ef_search       integer,
  ivfflat_lists        integer,
  ivfflat_probes       integer,
  state                text,
  is_default           boolean,
  created_at           timestamptz,
  updated_at           timestamptz,
  version              integer,
  cursor               text
)
language plpgsql
stable
security definer
rows 20
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  return query
    select d.*, d.name
      from core.embedding_model_details d
     where p_after is null or d.name > p_after
     order by d.name
     limit p_limit;
end
$$;

comment on function api.list_embedding_models(uuid, text, integer) is 'The embedding models there are';
grant execute on function api.list_embedding_models(uuid, text, integer) to plinth_web, plinth_operator;
select http.expose('GET /v1/embedding-models', 'api.list_embedding_models');
