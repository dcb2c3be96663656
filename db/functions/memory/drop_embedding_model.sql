-- api.drop_embedding_model: removes a model with all its vectors, everybody's, at once. Texts and what they hang on
-- stay where they are; what only the vectors' own rows held is gone.
--
-- Rules   Not the default one: make another the default first. p_rows is how many rows it is known to have; where
--         there are others by now, nothing is dropped. So nobody drops what he has not looked at.
-- Permission embeddings:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such model; VL003 rows are not
--         named; KC002 it has not as many rows; KC007 it is the default; 40001 it was changed meanwhile; 55P03 a search
--         or write lasts longer than five seconds
-- Locks   memory.embeddings and the partition, which searches read, against everybody, for the moment it is taken away;
--         nobody waits for longer than a fifth of a second: it is tried for five seconds. Then the model's row, like
--         whoever writes a user's first embedding, and at the end that of core.make_nearest_embeddings
create or replace function api.drop_embedding_model(p_name text, p_rows bigint)
returns table (dropped bigint)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_model   memory.embedding_models;
  v_timeout text := current_setting('lock_timeout');
begin
  perform core.require_permission('embeddings:manage');
  if p_rows is null then
    perform base.raise('VL003', 'Say how many rows it has', 'rows');
  end if;
  select m.* into v_model from memory.embedding_models m where m.name = p_name;
  if not found then
    perform base.raise('NF001', format('There is no embedding model %s', left(p_name, 100)), 'name');
  end if;
  if v_model.is_default then
    perform base.raise('KC007', 'It is the default model: make another the default first', 'name');
  end if;

  perform set_config('lock_timeout', '200ms', true);
  for v_try in 1..25 loop
    begin
      execute format('lock table only memory.embeddings, memory.embeddings_%s in access exclusive mode', v_model.id);
      exit;
    exception
      when undefined_table then
        perform base.raise('NF001', format('There is no embedding model %s', left(p_name, 100)), 'name');
      when lock_not_available then
        if v_try = 25 then
          raise;
        end if;
    end;
  end loop;
  perform set_config('lock_timeout', v_timeout, true);
  perform from memory.embedding_models m where m.id = v_model.id and not m.is_default for update;
  if not found then
    perform base.raise('40001', 'The model was changed meanwhile');
  end if;

  dropped := core.embedding_total(v_model.id);
  if dropped <> p_rows then
    perform base.raise('KC002', format('The model has %s rows, not %s', dropped, p_rows), 'rows');
  end if;
  execute format('drop function models.nearest_%1$s; drop table memory.embeddings_%1$s', v_model.id);
  delete from memory.embedding_models m where m.id = v_model.id;
  perform core.make_nearest_embeddings();
  return next;
end
$$;

comment on function api.drop_embedding_model(text, bigint) is 'Removes an embedding model with all its vectors';
grant execute on function api.drop_embedding_model(text, bigint) to plinth_web, plinth_operator;
select http.expose('DELETE /v1/embedding-models/{name}', 'api.drop_embedding_model', permission => 'embeddings:manage',
                   lane => 'slow');
