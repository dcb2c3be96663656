-- api.get_embedding_model: one embedding model, and how its index is.
--
-- Errors  UN001 nobody is signed in; NF001 there is no such model
create or replace function api.get_embedding_model(p_user_id uuid, p_name text)
returns setof core.embedding_model_details
language plpgsql
stable
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  return query select d.* from core.embedding_model_details d where d.name = p_name;
  if not found then
    perform base.raise('NF001', format('There is no embedding model %s', left(p_name, 100)), 'name');
  end if;
end
$$;

comment on function api.get_embedding_model(uuid, text) is 'One embedding model';
grant execute on function api.get_embedding_model(uuid, text) to plinth_web, plinth_operator;
select http.expose('GET /v1/embedding-models/{name}', 'api.get_embedding_model');
