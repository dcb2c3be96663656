-- api.upsert_embedding: keeps the vector of a text, once.
--
-- Rules   The same text of the same message, memory or collection is kept once per model: outcome is made, kept (it was
--         there; nothing was written) or replaced (other metadata; another vector only with p_replace).
--         Without a model the default one is meant. The text may be a part of its message.
--         A text that is changed later loses its vectors. With p_version, the version of the message or memory the
--         vector was made of, one that comes too late is refused.
-- Permission self:write
-- Errors  UN001 nobody is signed in; NF001 there is no such model, message or memory, or the account is not active;
--         VL001 a field breaks a rule, above all the vector's length; VL003 text or vector are missing, or no model is
--         named and there is no default; KC002 the text was changed meanwhile; KC004 the model is retired
-- Locks   those of core.put_embeddings
create or replace function api.upsert_embedding(
  p_user_id    uuid,
  p_content    text,
  p_embedding  ext.vector,
  p_model      text default null,
  p_collection text default '',
  p_message_id uuid default null,
  p_memory_id  uuid default null,
  p_metadata   jsonb default null,
  p_version    integer default null,
  p_replace    boolean default false
)
returns table (id uuid, outcome text)
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
  return query
    select p.id, p.outcome
      from core.put_embeddings(p_user_id, core.embedding_model(p_model), array[p_content], array[p_embedding],
                               array[p_collection], array[p_message_id], array[p_memory_id], array[p_metadata],
                               case when p_version is not null then array[p_version] end, coalesce(p_replace, false),
                               false) p;
end
$$;

comment on function api.upsert_embedding(uuid, text, ext.vector, text, text, uuid, uuid, jsonb, integer, boolean) is
  'Keeps the vector of a text, once';
grant execute on function api.upsert_embedding(uuid, text, ext.vector, text, text, uuid, uuid, jsonb, integer, boolean)
  to plinth_web, plinth_operator;
select http.expose('POST /v1/embeddings', 'api.upsert_embedding', permission => 'self:write', status => 201);
