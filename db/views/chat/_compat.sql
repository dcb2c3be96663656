-- compat: the same facts under the names that other systems use for them. security_invoker: row policies decide what
-- whoever asks may see.
create or replace view compat.conversations with (security_invoker = true) as
select c.id, c.user_id, c.client_id, c.title, c.status, c.status = 'archived' as is_archived, c.model, c.language, c.context,
       c.metadata, c.summary, c.message_count, c.prompt_tokens + c.completion_tokens as total_tokens, c.last_message_at,
       c.created_at, c.updated_at, c.deleted_at
  from chat.conversations c;

comment on view compat.conversations is 'chat.conversations under its usual name';
grant select on compat.conversations to plinth_operator;

create or replace view compat.messages with (security_invoker = true) as
select m.id, m.user_id, m.conversation_id, m.parent_id, m.client_id, m.role, m.content, m.tool_calls, m.tool_call_id, m.model,
       m.prompt_tokens, m.completion_tokens, coalesce(m.prompt_tokens, 0) + coalesce(m.completion_tokens, 0) as tokens,
       m.metadata, m.pinned, m.created_at, m.edited_at
  from chat.messages m;

comment on view compat.messages is 'chat.messages under its usual name';
grant select on compat.messages to plinth_operator;

create or replace view compat.chat_sessions with (security_invoker = true) as
select c.id, c.user_id, c.client_id as session_id, c.title, c.model, c.status, c.message_count, c.created_at,
       c.active_at as updated_at
  from chat.conversations c;

comment on view compat.chat_sessions is 'chat.conversations under its other usual name';
grant select on compat.chat_sessions to plinth_operator;

create or replace view compat.chat_history with (security_invoker = true) as
select m.id, m.user_id, m.conversation_id as session_id, m.client_id as message_id, m.model, m.role, m.content,
       coalesce(m.prompt_tokens, 0) + coalesce(m.completion_tokens, 0) as tokens, m.created_at
  from chat.messages m;

comment on view compat.chat_history is 'chat.messages under its other usual name';
grant select on compat.chat_history to plinth_operator;
