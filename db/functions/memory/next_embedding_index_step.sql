-- api.next_embedding_index_step: the next statement that brings a model's index to what it should be; no row: it is.
--
-- Rules   For operators (plinth embeddings index): run what it says, outside a transaction and with the rights of
--         plinth_owner, and ask again. Each statement works beside readers and writers. Nothing is remembered but the
--         indexes themselves: who was interrupted asks again, and what was left half made is removed first. The former
--         index serves until the new one is ready.
--         One session at a time works on a model, until it ends.
-- Permission embeddings:manage
-- Errors  UN001 nobody is signed in; NP001 permission missing; NF001 there is no such model; that of
--         core.claim_embedding_index
-- Locks   that of core.claim_embedding_index
create or replace function api.next_embedding_index_step(p_name text)
returns table (step text, statement text)
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_model memory.embedding_models;
begin
  perform core.require_permission('embeddings:manage');
  if p_name is null then
    perform base.raise('NF001', 'There is no such embedding model', 'name');
  end if;
  v_model := core.embedding_model(p_name);
  perform core.claim_embedding_index(v_model.id);

  return query
    with there as (
      select c.relname as name, i.indisvalid as valid
        from pg_index i
        join pg_class c on c.oid = i.indexrelid
        join pg_am a on a.oid = c.relam
       where i.indrelid = format('memory.embeddings_%s', v_model.id)::regclass and a.amname in ('hnsw', 'ivfflat')
    ), wanted as (
      select w.name, w.definition from core.embedding_index(v_model) w
    )
    select s.step, s.statement
      from (
        select 1 as place, format('removing the unfinished %s', t.name) as step,
               format('drop index concurrently memory.%I', t.name) as statement
          from there t where not t.valid
        union all
        select 2, format('building %s', w.name), format('create index concurrently %I %s', w.name, w.definition)
          from wanted w where not exists (select from there t where t.name = w.name)
        union all
        select 3, format('removing the former %s', t.name), format('drop index concurrently memory.%I', t.name)
          from there t where t.valid and not exists (select from wanted w where w.name = t.name)) s
     order by s.place, s.step
     limit 1;
end
$$;

comment on function api.next_embedding_index_step(text) is
  'The next statement that brings the index of an embedding model to what it should be';
grant execute on function api.next_embedding_index_step(text) to plinth_operator;
select http.no_route('api.next_embedding_index_step', 'for operators: its statements run outside a transaction');
