-- api.upsert_embeddings: keeps the vectors of many texts at once, as api.upsert_embedding keeps one.
--
-- Rules   Lists side by side: the first text has the first vector, and so on. message_ids, memory_ids, metadata and
--         versions may be left out. At most embeddings.batch_limit texts. One that breaks a rule refuses all; what was
--         there already is kept, so the whole may be sent again.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such model, message or memory, or the account is not active;
--         VL001 there are none or too many, lists differ in length, or a field breaks a rule; VL003 a text or vector is
--         missing, or no model is named and there is no default; KC002 a text was changed meanwhile; KC004 the model is
--         retired
-- Locks   those of core.put_embeddings
create or replace function api.upsert_embeddings(
  p_user_id     uuid,
  p_contents    text[],
  p_embeddings  ext.vector[],
  p_model       text default null,
  p_collection  text default '',
  p_message_ids uuid[] default null,
  p_memory_ids  uuid[] default null,
  p_metadata    jsonb[] default null,
  p_versions    integer[] default null,
  p_replace     boolean default false
)
returns table (made bigint, replaced bigint, kept bigint, ids uuid[])
language plpgsql
volatile
security definer
rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
  p_user_id := core.act_for(p_user_id);
  perform from auth.users u where u.id = p_user_id and u.status = 'active';
  if not found then
    perform base.raise('NF001', 'There is no such active account', 'user_id');
  end if;
  if p_contents is null or p_embeddings is null then
    perform base.raise('VL003', 'Texts and their vectors are needed',
                       case when p_contents is null then 'contents' else 'embeddings' end);
  end if;
  if cardinality(p_contents) not between 1 and base.setting('embeddings.batch_limit')::integer then
    perform base.raise('VL001', format('contents must be 1 to %s texts', base.setting('embeddings.batch_limit')), 'contents');
  end if;
  return query
    select count(*) filter (where p.outcome = 'made'), count(*) filter (where p.outcome = 'replaced'),
           count(*) filter (where p.outcome = 'kept'), array_agg(p.id order by p.n)
      from core.put_embeddings(p_user_id, core.embedding_model(p_model), p_contents, p_embeddings,
                               array_fill(coalesce(p_collection, ''), array[cardinality(p_contents)]), p_message_ids,
                               p_memory_ids, p_metadata, p_versions, coalesce(p_replace, false), true) p;
end
$$;

comment on function api.upsert_embeddings(uuid, text[], ext.vector[], text, text, uuid[], uuid[], jsonb[], integer[],
                                          boolean) is
  'Keeps the vectors of many texts at once';
grant execute on function api.upsert_embeddings(uuid, text[], ext.vector[], text, text, uuid[], uuid[], jsonb[], integer[],
                                                boolean) to plinth_web, plinth_operator;
select http.expose('POST /v1/embeddings/bulk', 'api.upsert_embeddings',
                   permission => 'self:write', status => 201, lane => 'slow');
