-- core.conversation_details: a conversation as its owner sees it. security_invoker, so that the policies of whoever
-- asks decide which rows there are.
create or replace view core.conversation_details with (security_invoker = true) as
select c.id,
       c.client_id,
       c.title,
       c.status,
       c.model,
       c.language,
       c.context,
       c.metadata,
       c.summary,
       c.summary_until,
       c.message_count,
       c.prompt_tokens,
       c.completion_tokens,
       c.last_message_id,
       c.last_message_at,
       c.created_at,
       c.updated_at,
       c.deleted_at,
       c.erase_after,
       c.version
  from chat.conversations c;

comment on view core.conversation_details is 'A conversation as its owner sees it';
comment on column core.conversation_details.id is 'The conversation';
comment on column core.conversation_details.client_id is 'The application''s own name for it';
comment on column core.conversation_details.title is 'What it is called';
comment on column core.conversation_details.status is 'active, archived or deleted';
comment on column core.conversation_details.model is 'The model it is held with';
comment on column core.conversation_details.language is 'Text search configuration its messages are searched with';
comment on column core.conversation_details.context is 'What the application hands to the model with it';
comment on column core.conversation_details.metadata is 'What the application keeps with it';
comment on column core.conversation_details.summary is 'Running summary of the messages up to summary_until';
comment on column core.conversation_details.summary_until is 'The last message that the summary covers';
comment on column core.conversation_details.message_count is 'How many messages it has';
comment on column core.conversation_details.prompt_tokens is 'Sum over its messages';
comment on column core.conversation_details.completion_tokens is 'Sum over its messages';
comment on column core.conversation_details.last_message_id is 'Its newest message';
comment on column core.conversation_details.last_message_at is 'When that one was written';
comment on column core.conversation_details.created_at is 'When it was begun';
comment on column core.conversation_details.updated_at is 'When something but its messages last changed';
comment on column core.conversation_details.deleted_at is 'When it was deleted';
comment on column core.conversation_details.erase_after is 'Until when it can be restored';
comment on column core.conversation_details.version is 'Grows with every change; messages do not count';
grant select on core.conversation_details to plinth_system;
