-- core.make_nearest_embeddings: makes models.nearest, which hands a search to the function of its model. Called when a
-- model comes or goes.
--
-- Rules   models.nearest names each of these functions, so that to call one is planned once, and not for each search.
-- Locks   one that lets whoever makes it at the same moment wait for the commit, and then see these models
create or replace function core.make_nearest_embeddings()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_branch constant text := $text$
  if p_model.id = %1$s then
    return query
      select n.*
        from models.nearest_%1$s(p_user_id, p_model, p_embedding, p_limit, p_exact, p_collection, p_kind, p_conversation_id,
                                 p_metadata, p_ef_search, p_after_distance, p_after_id, p_with_embedding) n;
    return;
  end if;$text$;
begin
  perform pg_advisory_xact_lock(hashtextextended('core.make_nearest_embeddings', 0));
  execute format($text$
    create or replace function models.nearest(
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
    returns setof models.near_row
    language plpgsql
    stable
    rows 50
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_generic_plan
    as %L;

    comment on function models.nearest is 'The rows of one user and model that are nearest to a vector';
    grant execute on function models.nearest to plinth_system;
  $text$, (
    select format(E'\nbegin%s\n  perform base.raise(''NF001'', ''There is no such embedding model'', ''model'');\nend\n',
                  string_agg(format(c_branch, m.id), '' order by m.id))
      from memory.embedding_models m
     where to_regclass(format('memory.embeddings_%s', m.id)) is not null));
end
$$;

comment on function core.make_nearest_embeddings() is
  'Makes the function that hands a search to the function of its model';
select core.make_nearest_embeddings();
