-- core.make_embedding_search: makes models.nearest_<id>, which finds the rows of one user that are nearest to a vector
-- among those of one model.
--
-- Rules   There are p_limit rows whenever so many fit the filters, in no certain order. way tells how they were found:
--         exact compared all that fit, index asked the model's index, which finds nearly all of the nearest. Where that
--         finds too few, what exact finds follows; then a row may come twice.
--         Exact costs as many comparisons as rows fit; the index as many as it has to look at until enough of them
--         fit, which are the more the fewer of the model's rows do. So few rows are compared one by one, many are
--         asked of the index, and what it does not find among about twice its candidates is compared after all.
--         What hangs on a deleted conversation or an expired memory is passed over.
-- Why a function per model   What an index can answer names its partition and the type of its vectors. Written down
--         once, it is planned once per connection; put together for each search, planning it anew took a third of the
--         time of asking the index.
-- Why plan_cache_mode   What is read by keys or by the index of vectors needs no plan of its own for each call. What
--         compares all that fit needs one: it finds them by the index of what is asked for.
-- Why enable_sort   Only an index brings rows in order; whatever else the planner might think of would have to sort
-- them.
-- Errors  of models.nearest_<id>: VL001 the vector has another length than the model's, or no direction
-- What it makes runs as its caller, a function of plinth_system, which says whose rows they are
create or replace function core.make_embedding_search(p_model memory.embedding_models)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_fits constant text := $text$
           e.user_id = p_user_id
           and (p_collection is null or e.collection = p_collection)
           and (p_kind is null or p_kind = 'message' and e.message_id is not null
                or p_kind = 'memory' and e.memory_id is not null
                or p_kind = 'text' and e.message_id is null and e.memory_id is null)
           and (p_conversation_id is null or e.conversation_id = p_conversation_id)
           and (p_metadata is null or p_metadata = '{}' or e.metadata @> p_metadata and e.metadata <> '{}')
           and (v_deleted = '{}' or e.conversation_id is null or e.conversation_id <> all (v_deleted))
           and (v_expired = '{}' or e.memory_id is null or e.memory_id <> all (v_expired))$text$;
  c_found constant text := $text$e.content, e.metadata, e.collection, e.message_id, e.memory_id, e.conversation_id,
               case when p_with_embedding then e.%2$s::ext.vector::real[] end, e.created_at$text$;
  c_asked constant text := c_fits || $text$
           and (p_after_id is null or (e.%2$s %4$s p_embedding, e.id) > (p_after_distance, p_after_id))$text$;
  c_body constant text := $text$
    declare
      -- To find one candidate through the index costs about as much as to compare five rows one after another.
      c_detour  constant double precision := 5;
      c_sample  constant integer := 300;
      v_rows    bigint;
      v_pages   double precision;
      v_deleted uuid[];
      v_expired uuid[];
      v_all     double precision;
      v_few     double precision;
      v_fitting double precision;
      v_goes_on boolean;
      v_suffice boolean;
      v_filters boolean := coalesce(p_collection, p_kind, p_conversation_id::text, p_metadata::text) is not null;
      v_ef      integer := least(greatest(coalesce(p_ef_search, p_model.hnsw_ef_search), p_limit), 1000);
      v_most    integer;
      v_found   bigint;
    begin
      -- No model's rules keep out what is neither short nor long.
      if (ext.vector_dims(p_embedding) = p_model.dimensions and ext.vector_norm(p_embedding) between 1e-3 and 6e4) is not true then
        perform core.check_embedding(p_model, p_embedding, 'embedding');
      end if;

      -- Of the indexes a partition has, only that of the vectors is over an expression; it may never have been made, or
      -- is being made.
      select coalesce(c.embeddings, 0),
             (select greatest(pg_relation_size(i.indrelid) / 8192, 1)
                from pg_index i
               where i.indrelid = 'memory.embeddings_%1$s'::regclass and i.indexprs is not null and i.indisvalid
               limit 1),
             array(select k.id from chat.conversations k where k.user_id = p_user_id and k.status = 'deleted'),
             array(select o.id from memory.semantic_memories o where o.user_id = p_user_id and o.expires_at <= now())
        into v_rows, v_pages, v_deleted, v_expired
        from (values (p_user_id)) as w (user_id)
        left join memory.embedding_counts c on c.user_id = w.user_id and c.model_id = %1$s;

      if not p_exact and v_pages is not null then
        -- About as many as the table has room for; more where rows are small, or lie beside it.
        v_all := greatest(v_pages * %5$s, v_rows);
        v_few := sqrt(c_detour * v_ef * v_all);
        v_fitting := v_rows;
        if v_rows > v_few and v_filters then
          -- How many fit, from some of the model's rows: to count them would cost as much as to compare them.
          select coalesce(avg(($text$ || c_fits || $text$)::integer), 0) * v_all into v_fitting
            from memory.embeddings_%1$s e
           where e.ctid = any (array(select format('(%%s,%%s)', floor(random() * v_pages), ceil(random() * %5$s))::tid
                                       from generate_series(1, c_sample)));
        end if;
        if v_fitting > v_few then
          -- Before pgvector 0.8 no index can go on: its candidates have to do at once.
          v_goes_on := current_setting('hnsw.iterative_scan', true) is not null;
          v_ef := least(1000, ceil(v_ef * case when v_goes_on then sqrt(v_all / v_fitting) else 1.5 * v_all / v_fitting end));
          -- What fits may be farther away than most (shorter vectors under inner_product, another topic): the index
          -- then goes through all the rest, for longer than to compare takes, and loses its way. So it is asked for
          -- twice the candidates, or three times those that the rows should be among; behind earlier pages, of which
          -- nobody knows how many, for what costs as much as to compare.
          v_most := ceil(greatest(2 * v_ef, 3 * p_limit * v_all / v_fitting,
                                  case when p_after_id is not null then v_fitting / c_detour end));
          -- To be able to go on, the index remembers what it left out, which costs a tenth. Where nearly all rows are
          -- the user's, the candidates will do; but all of them may be on earlier pages, or what a filter leaves out.
          v_suffice := v_fitting > 0.8 * v_all and v_ef >= 2 * p_limit and not v_filters and v_deleted = '{}'
                       and v_expired = '{}' and p_after_id is null;
          perform set_config('hnsw.ef_search', v_ef::text, true),
                  set_config('ivfflat.probes', p_model.ivfflat_probes::text, true),
                  case when v_goes_on then
                    set_config('hnsw.iterative_scan', case when v_suffice then 'off' else 'relaxed_order' end, true)
                    || set_config('ivfflat.iterative_scan', 'relaxed_order', true) end;
          return query
        select e.id, %3$s %4$s p_embedding, 'index'::text, $text$ || c_found || $text$
          from (select c.* from memory.embeddings_%1$s c order by %3$s %4$s p_embedding limit v_most) e
         where $text$ || c_asked || $text$
         limit p_limit;
          get diagnostics v_found = row_count;
          if v_found >= least(p_limit, v_rows) then
            return;
          end if;
        end if;
      end if;

      perform set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_sort', 'on', true);
      return query
        select e.id, e.%2$s %4$s p_embedding, 'exact'::text, $text$ || c_found || $text$
          from memory.embeddings_%1$s e
         where $text$ || c_asked || $text$
         order by e.%2$s %4$s p_embedding, e.id
         limit p_limit;
    end
  $text$;
  c_made constant text := $text$
    create or replace function models.nearest_%1$s(
      p_user_id         uuid,
      p_model           memory.embedding_models,
      p_embedding       ext.vector,
      p_limit           integer,
      p_exact           boolean,
      p_collection      text,
      p_kind            text,
      p_conversation_id uuid,
      p_metadata        jsonb,
      p_ef_search       integer,
      p_after_distance  double precision,
      p_after_id        uuid,
      p_with_embedding  boolean
    )
    returns setof models.near_row
    language plpgsql
    stable
    rows 50
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_generic_plan
    set enable_sort = off
    as %2$L;

    comment on function models.nearest_%1$s is
      'The rows of one user and of the model with the id %1$s that are nearest to a vector';
    grant execute on function models.nearest_%1$s to plinth_system;
  $text$;
begin
  execute format(c_made, p_model.id, (select format(c_body, p_model.id, s.column_name, s.stored, s.operator, s.rows_per_page)
                                        from core.embedding_sql(p_model) s));
end
$$;

comment on function core.make_embedding_search(memory.embedding_models) is
  'Makes the function that searches the vectors of a model';
select core.make_embedding_search(m) from memory.embedding_models m;
