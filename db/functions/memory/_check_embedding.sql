-- core.check_embedding: refuses a vector that a model could not have made.
--
-- Rules   Distances are made of squares in real arithmetic, which ends at about 1e38. Vectors whose norm (the root of
--         the sum of the squares of the numbers) is at most 1e15, and at least 1e-15 where directions are compared,
--         keep every distance between any two of them finite. halfvec holds none that are beyond that.
-- Errors  VL003 there is none; VL001 it has another length than the model's vectors, only zeros where directions are
--         compared, a norm that arithmetic cannot bear, or numbers that halfvec cannot hold
create or replace function core.check_embedding(p_model memory.embedding_models, p_embedding ext.vector, p_field text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_norm double precision;
begin
  if p_embedding is null then
    perform base.raise('VL003', format('%s is missing', p_field), p_field);
  end if;
  if ext.vector_dims(p_embedding) <> p_model.dimensions then
    perform base.raise('VL001', format('%s must have %s numbers, as %s makes them, not %s', p_field, p_model.dimensions,
                                       p_model.name, ext.vector_dims(p_embedding)), p_field);
  end if;
  if p_model.storage = 'vector' then
    v_norm := ext.vector_norm(p_embedding);
    if p_model.metric <> 'cosine' then
      if v_norm > 1e15 then
        perform base.raise('VL001', format('%s must have a norm of at most 1e15', p_field), p_field);
      end if;
    elsif v_norm = 0 then
      perform base.raise('VL001', format('%s must not be all zeros: it has no direction', p_field), p_field);
    elsif v_norm not between 1e-15 and 1e15 then
      perform base.raise('VL001', format('%s must have a norm from 1e-15 to 1e15', p_field), p_field);
    end if;
    return;
  end if;
  begin
    if p_model.metric = 'cosine' and ext.l2_norm(p_embedding::ext.halfvec) = 0 then
      perform base.raise('VL001', format('%s must not be all zeros: it has no direction', p_field), p_field);
    end if;
    perform p_embedding::ext.halfvec;
  exception when numeric_value_out_of_range then
    perform base.raise('VL001', format('%s must have numbers from -65504 to 65504', p_field), p_field);
  end;
end
$$;

comment on function core.check_embedding(memory.embedding_models, ext.vector, text) is
  'Refuses a vector that a model could not have made';
grant execute on function core.check_embedding(memory.embedding_models, ext.vector, text) to plinth_system;
