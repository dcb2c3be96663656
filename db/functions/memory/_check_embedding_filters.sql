-- core.check_embedding_filters: the rules of the filters that lists and searches of embeddings share.
--
-- Errors  VL001 there is no such kind, or metadata is not an object; NF001 there is no such conversation
create or replace function core.check_embedding_filters(
  p_user_id         uuid,
  p_kind            text,
  p_conversation_id uuid,
  p_metadata        jsonb
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_kind not in ('message', 'memory', 'text') then
    perform base.raise('VL001', 'kind must be message, memory or text', 'kind');
  end if;
  if jsonb_typeof(p_metadata) <> 'object' then
    perform base.raise('VL001', 'metadata must be an object', 'metadata');
  end if;
  if p_conversation_id is not null then
    perform core.require_conversation(p_user_id, p_conversation_id);
  end if;
end
$$;

comment on function core.check_embedding_filters(uuid, text, uuid, jsonb) is
  'The rules of the filters that lists and searches of embeddings share';
grant execute on function core.check_embedding_filters(uuid, text, uuid, jsonb) to plinth_system;
