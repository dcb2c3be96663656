-- core.embedding_model: the model a caller named, or the default one where none was named.
--
-- Errors  NF001 there is no such model; VL003 none was named, and there is no default
create or replace function core.embedding_model(p_name text)
returns memory.embedding_models
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_model memory.embedding_models;
begin
  if p_name is null then
    select m.* into v_model from memory.embedding_models m where m.is_default;
    if not found then
      perform base.raise('VL003', 'Name a model: there is no default', 'model');
    end if;
  else
    select m.* into v_model from memory.embedding_models m where m.name = p_name;
    if not found then
      perform base.raise('NF001', format('There is no embedding model %s', left(p_name, 100)), 'model');
    end if;
  end if;
  return v_model;
end
$$;

comment on function core.embedding_model(text) is 'The embedding model of a name; NULL: the default';
grant execute on function core.embedding_model(text) to plinth_system;
