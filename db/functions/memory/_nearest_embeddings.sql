-- core.nearest_embeddings: the rows of one user and model that are nearest to a vector, in no certain order.
--
-- Rules   There are p_limit rows whenever so many fit the filters. way tells how they were found: exact compared all
--         that fit, index asked the model's index, which finds nearly all of the nearest. Where that finds too few,
--         what exact finds follows; then a row may come twice.
--         Exact costs as many comparisons as rows fit; the index as many as it has to look at until enough of them
--         fit, which are the more the fewer of the model's rows do. So few rows are compared one by one, many are
--         asked of the index, and what it does not find is compared after all.
--         What hangs on a deleted conversation or an expired memory is passed over.
-- Why plan_cache_mode   What is read by keys needs no plan of its own for each call. The search itself is put together
--         and planned with the values of the call in any case.
-- Errors  VL001 the vector has another length than the model's, or no direction
-- Runs as its caller, a function of plinth_system, which says whose rows they are
create or replace function core.nearest_embeddings(
  p_user_id         uuid,
  p_model           memory.embedding_models,
  p_embedding       ext.vector,
  p_limit           integer,
  p_exact           boolean default false,
  p_collection      text default null,
  p_kind            text default null,
  p_conversation_id uuid default null,
  p_metadata        jsonb default null,
  p_ef_search       integer default null,
  p_after_distance  double precision default null,
  p_after_id        uuid default null,
  p_with_embedding  boolean default false
)
returns table (
  id              uuid,
  distance        double precision,
  way             text,
  content         text,
  metadata        jsonb,
  collection      text,
  message_id      uuid,
  memory_id       uuid,
  conversation_id uuid,
  embedding       real[],
  created_at      timestamptz
)
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
  -- To find one candidate through the index costs about as much as to compare five rows one after another.
  c_detour  constant double precision := 5;
  c_sample  constant integer := 300;
  v_sql     record;
  v_rows    bigint;
  v_pages   double precision;
  v_deleted uuid[];
  v_expired uuid[];
  v_all     double precision;
  v_few     double precision;
  v_fitting double precision;
  v_goes_on boolean;
  v_ef      integer := least(greatest(coalesce(p_ef_search, p_model.hnsw_ef_search), p_limit), 1000);
  v_fit     text;
  v_nearest text;
  v_sort    text;
  v_found   bigint;
begin
  perform core.check_embedding(p_model, p_embedding, 'embedding');
  select s.* into strict v_sql from core.embedding_sql(p_model) s;

  -- Of the indexes a partition has, only that of the vectors is over an expression; it may never have been made, or is
  -- being made.
  select coalesce(c.embeddings, 0),
         (select greatest(pg_relation_size(t.id) / 8192, 1) from to_regclass('memory.embeddings_' || p_model.id) as t (id)
           where exists (select from pg_index i where i.indrelid = t.id and i.indexprs is not null and i.indisvalid)),
         array(select k.id from chat.conversations k where k.user_id = p_user_id and k.status = 'deleted'),
         array(select o.id from memory.semantic_memories o where o.user_id = p_user_id and o.expires_at <= now())
    into v_rows, v_pages, v_deleted, v_expired
    from (values (p_user_id)) as w (user_id)
    left join memory.embedding_counts c on c.user_id = w.user_id and c.model_id = p_model.id;

  v_fit := 'e.user_id = $1'
    || case when p_collection is not null then ' and e.collection = $3' else '' end
    || case p_kind when 'message' then ' and e.message_id is not null'
                   when 'memory' then ' and e.memory_id is not null'
                   when 'text' then ' and e.message_id is null and e.memory_id is null' else '' end
    || case when p_conversation_id is not null then ' and e.conversation_id = $4' else '' end
    || case when p_metadata <> '{}' then ' and e.metadata @> $5 and e.metadata <> ''{}''' else '' end
    || case when v_deleted <> '{}' then ' and (e.conversation_id is null or e.conversation_id <> all ($6))' else '' end
    || case when v_expired <> '{}' then ' and (e.memory_id is null or e.memory_id <> all ($7))' else '' end;
  -- What is left open is the column, as its index has it or not, what else is in the order, and the way's name.
  v_nearest := format(
    'select e.id, %%1$s %1$s $2, %%3$L::text, e.content, e.metadata, e.collection, e.message_id, e.memory_id, '
    'e.conversation_id, %6$s, e.created_at from memory.embeddings_%2$s e '
    'where %3$s%4$s order by %%1$s %1$s $2%%2$s limit %5$s',
    v_sql.operator, p_model.id, v_fit,
    case when p_after_id is not null
         then format(' and (%s %s $2, e.id) > ($8, $9)', v_sql.column_name, v_sql.operator) else '' end,
    p_limit, case when p_with_embedding then format('e.%s::ext.vector::real[]', v_sql.column_name) else 'null::real[]' end);

  if not p_exact and v_pages is not null then
    -- About as many as the table has room for; more where rows are small, or lie beside it.
    v_all := greatest(v_pages * v_sql.rows_per_page, v_rows);
    v_few := sqrt(c_detour * v_ef * v_all);
    v_fitting := v_rows;
    if v_rows > v_few and coalesce(p_collection, p_kind, p_conversation_id::text, p_metadata::text) is not null then
      -- How many fit, from some of the model's rows: to count them would cost as much as to compare them.
      execute format('select coalesce(avg((%s)::integer), 0) * %s from memory.embeddings_%s e where e.ctid = any ($10)',
                     v_fit, v_all, p_model.id)
        into v_fitting
       using p_user_id, p_embedding, p_collection, p_conversation_id, p_metadata, v_deleted, v_expired,
             p_after_distance, p_after_id,
             array(select format('(%s,%s)', floor(random() * v_pages), ceil(random() * v_sql.rows_per_page))::tid
                     from generate_series(1, c_sample));
    end if;
    if v_fitting > v_few then
      -- Before pgvector 0.8 no index can go on: its candidates have to do at once.
      v_goes_on := current_setting('hnsw.iterative_scan', true) is not null;
      v_ef := least(1000, ceil(v_ef * case when v_goes_on then sqrt(v_all / v_fitting) else 1.5 * v_all / v_fitting end));
      v_sort := current_setting('enable_sort');
      if v_goes_on then
        -- To be able to go on, the index remembers what it left out, which costs a tenth. Where nearly all rows are the
        -- user's, the candidates will do; but all of them may be on earlier pages, or what a filter leaves out.
        perform set_config('hnsw.iterative_scan',
                           case when v_fitting > 0.8 * v_all and v_ef >= 2 * p_limit and v_fit = 'e.user_id = $1'
                                     and p_after_id is null then 'off' else 'relaxed_order' end, true),
                set_config('ivfflat.iterative_scan', 'relaxed_order', true);
      end if;
      perform set_config('hnsw.ef_search', v_ef::text, true),
              set_config('ivfflat.probes', p_model.ivfflat_probes::text, true),
              -- Only an index brings rows in order; whatever else the planner might think of would have to sort them.
              set_config('enable_sort', 'off', true);
      return query
        execute format(v_nearest, v_sql.stored, '', 'index')
          using p_user_id, p_embedding, p_collection, p_conversation_id, p_metadata, v_deleted, v_expired,
                p_after_distance, p_after_id;
      get diagnostics v_found = row_count;
      perform set_config('enable_sort', v_sort, true);
      if v_found >= least(p_limit, v_rows) then
        return;
      end if;
    end if;
  end if;

  return query
    execute format(v_nearest, v_sql.column_name, ', e.id', 'exact')
      using p_user_id, p_embedding, p_collection, p_conversation_id, p_metadata, v_deleted, v_expired, p_after_distance,
            p_after_id;
end
$$;

comment on function core.nearest_embeddings(uuid, memory.embedding_models, ext.vector, integer, boolean, text, text, uuid,
                                            jsonb, integer, double precision, uuid, boolean) is
  'The rows of one user and model that are nearest to a vector';
grant execute on function core.nearest_embeddings(uuid, memory.embedding_models, ext.vector, integer, boolean, text, text,
                                                  uuid, jsonb, integer, double precision, uuid, boolean) to plinth_system;
