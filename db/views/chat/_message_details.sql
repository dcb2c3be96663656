-- core.message_details: a message as its owner sees it. security_invoker, so that the policies of whoever asks decide
-- which rows there are.
create or replace view core.message_details with (security_invoker = true) as
select m.id,
       m.conversation_id,
       m.parent_id,
       m.client_id,
       m.role,
       m.content,
       m.tool_calls,
       m.tool_call_id,
       m.model,
       m.prompt_tokens,
       m.completion_tokens,
       m.metadata,
       m.pinned,
       m.created_at,
       m.edited_at,
       m.updated_at,
       m.version
  from chat.messages m;

comment on view core.message_details is 'A message as its owner sees it';
comment on column core.message_details.id is 'The message; ids grow with time';
comment on column core.message_details.conversation_id is 'The conversation it is in';
comment on column core.message_details.parent_id is
  'The message it answers on a branch; NULL: the one before it in the main line';
comment on column core.message_details.client_id is 'The application''s own name for it';
comment on column core.message_details.role is 'system, user, assistant or tool';
comment on column core.message_details.content is 'The text';
comment on column core.message_details.tool_calls is 'Calls of tools that the model asks for';
comment on column core.message_details.tool_call_id is 'The call that this is the result of';
comment on column core.message_details.model is 'The model that wrote it';
comment on column core.message_details.prompt_tokens is 'Tokens sent to the model for it';
comment on column core.message_details.completion_tokens is 'Tokens the model answered with';
comment on column core.message_details.metadata is 'What the application keeps with it';
comment on column core.message_details.pinned is 'Whether it is always part of the context window';
comment on column core.message_details.created_at is 'When it was written';
comment on column core.message_details.edited_at is 'When its text last changed; NULL: never';
comment on column core.message_details.updated_at is 'When anything of it last changed';
comment on column core.message_details.version is 'Grows with every change';
grant select on core.message_details to plinth_system;
