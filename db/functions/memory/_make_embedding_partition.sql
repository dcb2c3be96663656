-- core.make_embedding_partition: makes the partition of a new model, the index on it while it is empty, and the
-- function that searches it. An ivfflat index learns from rows, so it is made later, by an operator.
--
-- Rules   Every row has as many numbers as the model, and under cosine not only zeros, which have no direction.
--         Searches read the partition itself: to find it through its table would take longer than to ask its index.
--         As many rows go into a page as vectors fit; texts use what room they leave, and only longer ones lie apart.
-- Errors  55P03 somebody writes accounts, messages or memories in one transaction for longer than five seconds
-- Locks   accounts, messages and memories against writers, because foreign keys of a partition are made; nobody waits
--         for longer than a fifth of a second: it is tried for five seconds. Readers, and partitions of other models,
--         not at all. At the end that of core.make_nearest_embeddings
create or replace function core.make_embedding_partition(p_model memory.embedding_models)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_timeout text := current_setting('lock_timeout');
  v_sql     record;
  v_table   text;
  v_index   record;
begin
  select s.* into strict v_sql from core.embedding_sql(p_model) s;

  perform set_config('lock_timeout', '200ms', true);
  for v_try in 1..25 loop
    begin
      lock table only auth.users, chat.messages, memory.semantic_memories in share row exclusive mode;
      exit;
    exception when lock_not_available then
      if v_try = 25 then
        raise;
      end if;
    end;
  end loop;
  perform set_config('lock_timeout', v_timeout, true);

  v_table := ops.prepare_partition('memory.embeddings', format('embeddings_%s', p_model.id),
                                   format('The embeddings of the model with the id %s', p_model.id));
  execute format('alter table %s set (toast_tuple_target = %s)', v_table, (8168 / v_sql.rows_per_page - 4) / 8 * 8);
  execute format('grant select on %s to plinth_system', v_table);
  execute format('create policy system_read on %s for select to plinth_system using (true)', v_table);
  execute format('alter table %s add constraint embeddings_%s_embedding_check check (ext.vector_dims(%s) = %s%s)',
                 v_table, p_model.id, v_sql.column_name, p_model.dimensions,
                 case when p_model.metric <> 'cosine' then ''
                      when p_model.storage = 'vector' then ' and ext.vector_norm(embedding) > 0'
                      else ' and ext.l2_norm(half_embedding) > 0' end);
  if p_model.index_kind = 'hnsw' then
    select i.* into strict v_index from core.embedding_index(p_model) i;
    execute format('create index %I %s', v_index.name, v_index.definition);
  end if;
  execute format('alter table memory.embeddings attach partition %s for values in (%s)', v_table, p_model.id);
  perform core.make_embedding_search(p_model);
  perform core.make_nearest_embeddings();
end
$$;

comment on function core.make_embedding_partition(memory.embedding_models) is
  'Makes the partition of a new embedding model, with its index';
