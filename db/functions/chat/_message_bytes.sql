-- core.message_bytes: how many bytes of text and calls a message has. A long text is not read for that.
create or replace function core.message_bytes(p_content text, p_tool_calls jsonb)
returns integer
language sql
immutable
parallel safe
as $$
  select pg_catalog.octet_length(p_content) + coalesce(pg_catalog.octet_length(p_tool_calls::text), 0)
$$;

comment on function core.message_bytes(text, jsonb) is 'How many bytes of text and calls a message has';
