-- core.embedding_total: how many embeddings a model has, of all users together.
--
-- Owned by plinth_system: adds up the counts of everybody.
create or replace function core.embedding_total(p_model_id integer)
returns bigint
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(sum(c.embeddings), 0)::bigint from memory.embedding_counts c where c.model_id = p_model_id
$$;

comment on function core.embedding_total(integer) is 'How many embeddings a model has, of all users together';
alter function core.embedding_total(integer) owner to plinth_system;
-- A grant to the former owner goes with the change of owner, so the new one gives it.
set local role plinth_system;
grant execute on function core.embedding_total(integer) to plinth_owner;
set local role plinth_owner;
