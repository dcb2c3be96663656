-- core.check_memory_filter: whether a choice of memories by scope, conversation and metadata makes sense.
--
-- Errors  VL001 scope or metadata; NF001 there is no such conversation
create or replace function core.check_memory_filter(
  p_user_id         uuid,
  p_scope           text,
  p_conversation_id uuid,
  p_metadata        jsonb
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_scope not in ('user', 'conversation') or p_scope = 'user' and p_conversation_id is not null then
    perform base.raise('VL001', 'scope must be user, without a conversation_id, or conversation', 'scope');
  end if;
  if jsonb_typeof(p_metadata) <> 'object' or octet_length(p_metadata::text) > 16384 then
    perform base.raise('VL001', 'metadata must be an object of at most 16 kB', 'metadata');
  end if;
  if p_conversation_id is not null then
    perform core.require_conversation(p_user_id, p_conversation_id);
  end if;
end
$$;

comment on function core.check_memory_filter(uuid, text, uuid, jsonb) is
  'Refuses a choice of memories that makes no sense';
grant execute on function core.check_memory_filter(uuid, text, uuid, jsonb) to plinth_system;
