-- core.claim_embedding_index: makes this session the one that works on a model's index, until it ends.
--
-- Errors  KC009 another session works on it
-- Locks   an advisory lock of the session on the model
create or replace function core.claim_embedding_index(p_model_id integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if not pg_try_advisory_lock('memory.embedding_models'::regclass::integer, p_model_id) then
    perform base.raise('KC009', 'Another session works on the index of this model');
  end if;
end
$$;

comment on function core.claim_embedding_index(integer) is
  'Makes this session the one that works on the index of an embedding model';
