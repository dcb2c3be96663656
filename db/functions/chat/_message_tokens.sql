-- core.message_tokens: what a message costs in a context window. What is stored: of an assistant's message the tokens
-- of the completion, which it is; of others those of the prompt. Where nothing is stored, or 0, which no message costs,
-- an estimate: 4 for the frame, and one for every 4 bytes of text and calls. Never less than one for every 16 bytes,
-- whatever is stored: so a window of few tokens is of few bytes.
create or replace function core.message_tokens(
  p_role              text,
  p_content           text,
  p_tool_calls        jsonb,
  p_prompt_tokens     integer,
  p_completion_tokens integer
)
returns integer
language sql
immutable
parallel safe
as $$
  select greatest(
    coalesce(nullif(case when p_role = 'assistant' then p_completion_tokens else p_prompt_tokens end, 0),
             4 + (core.message_bytes(p_content, p_tool_calls) + 3) / 4),
    (core.message_bytes(p_content, p_tool_calls) + 15) / 16)
$$;

comment on function core.message_tokens(text, text, jsonb, integer, integer) is
  'What a message costs in a context window';
