-- api.v_recent_conversations: conversations of the last thirty days, whosever they are, the last active ones first.
-- Owned by plinth_system, because it looks across users; it shows who talks with which model and how much, and nothing
-- of what is said: no title, no context, no text.
create or replace view api.v_recent_conversations as
select c.id,
       c.user_id,
       u.username,
       c.status,
       c.model,
       c.language,
       c.message_count,
       c.prompt_tokens,
       c.completion_tokens,
       c.last_message_at,
       c.created_at,
       c.active_at
  from chat.conversations c
  join auth.users u on u.id = c.user_id
 where c.status <> 'deleted'
   and date_bin('1 day', c.active_hour, timestamptz '2000-01-01 00:00:00+00') >= now() - interval '30 days'
 order by date_bin('1 day', c.active_hour, timestamptz '2000-01-01 00:00:00+00') desc, c.active_at desc;

comment on view api.v_recent_conversations is 'Conversations of the last thirty days, the last active ones first';
comment on column api.v_recent_conversations.id is 'The conversation';
comment on column api.v_recent_conversations.user_id is 'Whose it is';
comment on column api.v_recent_conversations.username is 'Name of that user';
comment on column api.v_recent_conversations.status is 'active or archived';
comment on column api.v_recent_conversations.model is 'The model it is held with';
comment on column api.v_recent_conversations.language is 'Text search configuration of its messages';
comment on column api.v_recent_conversations.message_count is 'How many messages it has';
comment on column api.v_recent_conversations.prompt_tokens is 'Sum over its messages';
comment on column api.v_recent_conversations.completion_tokens is 'Sum over its messages';
comment on column api.v_recent_conversations.last_message_at is 'When the last one was written';
comment on column api.v_recent_conversations.created_at is 'When it was begun';
comment on column api.v_recent_conversations.active_at is 'Its last message or change';
grant select on api.v_recent_conversations to plinth_reader, plinth_operator;
alter view api.v_recent_conversations owner to plinth_system;
