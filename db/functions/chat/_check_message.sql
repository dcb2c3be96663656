-- core.check_message: the rules of what can be set of a message. NULL is not looked at: it is not named.
--
-- Errors  VL001 on role, content, tool_calls, tool_call_id, model, prompt_tokens, completion_tokens or metadata
create or replace function core.check_message(
  p_role              text,
  p_content           text,
  p_tool_calls        jsonb,
  p_tool_call_id      text,
  p_model             text,
  p_prompt_tokens     integer,
  p_completion_tokens integer,
  p_metadata          jsonb
)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_role not in ('system', 'user', 'assistant', 'tool') then
    perform base.raise('VL001', 'role must be system, user, assistant or tool', 'role');
  end if;
  if length(p_content) > 1000000 then
    perform base.raise('VL001', 'content must have at most 1,000,000 characters', 'content');
  end if;
  -- A character is 6 bytes at most there. So what is exported fits into a line of an import.
  if octet_length(p_content) > 174760 then
    if octet_length(to_json(p_content)::text) > 1048576 then
      perform base.raise('VL001', 'content must have at most 1 MiB, written as JSON', 'content');
    end if;
  end if;
  if jsonb_typeof(p_tool_calls) <> 'array' or octet_length(p_tool_calls::text) > 262144 then
    perform base.raise('VL001', 'tool_calls must be a list of at most 256 kB', 'tool_calls');
  end if;
  if p_tool_calls @? '$[*] ? (@.type() != "object")' then
    perform base.raise('VL001', 'Each of tool_calls must be an object', 'tool_calls');
  end if;
  if p_role <> 'assistant' and p_tool_calls <> '[]' then
    perform base.raise('VL001', 'tool_calls are of an assistant''s message', 'tool_calls');
  end if;
  if length(p_tool_call_id) not between 1 and 200 or p_tool_call_id ~ '[[:cntrl:]]' then
    perform base.raise('VL001', 'tool_call_id must have 1 to 200 characters and no control characters', 'tool_call_id');
  end if;
  if length(p_model) not between 1 and 200 or p_model ~ '[[:cntrl:]]' then
    perform base.raise('VL001', 'model must have 1 to 200 characters and no control characters', 'model');
  end if;
  if p_prompt_tokens < 0 then
    perform base.raise('VL001', 'prompt_tokens must not be negative', 'prompt_tokens');
  end if;
  if p_completion_tokens < 0 then
    perform base.raise('VL001', 'completion_tokens must not be negative', 'completion_tokens');
  end if;
  if jsonb_typeof(p_metadata) <> 'object' or octet_length(p_metadata::text) > 16384 then
    perform base.raise('VL001', 'metadata must be an object of at most 16 kB', 'metadata');
  end if;
end
$$;

comment on function core.check_message(text, text, jsonb, text, text, integer, integer, jsonb) is
  'Refuses a message that breaks a rule';
