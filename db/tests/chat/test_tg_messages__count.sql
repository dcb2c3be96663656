-- The numbers of a conversation: kept by statement, whoever writes and however many messages at once.
begin;
select plan(16);

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000000c101', 'tap_count_anna', 'tap_count_anna@example.org');
insert into chat.conversations (user_id, id) values
  ('019e0000-0000-7000-8000-00000000c101', '019e0000-0000-7000-8000-00000000c111'),
  ('019e0000-0000-7000-8000-00000000c101', '019e0000-0000-7000-8000-00000000c112');

-- What a conversation says of itself, and what a recount says.
create function pg_temp.told(p_id uuid) returns text language sql volatile as $$
  select concat_ws(' ', c.message_count, c.prompt_tokens, c.completion_tokens) from chat.conversations c where c.id = p_id
$$;
create function pg_temp.exact() returns boolean language sql volatile as $$
  select bool_and(
           jsonb_build_array(c.message_count, c.prompt_tokens, c.completion_tokens, c.first_message_id, c.last_message_id,
                             c.last_message_at)
           = (select jsonb_build_array(count(*), coalesce(sum(m.prompt_tokens), 0), coalesce(sum(m.completion_tokens), 0),
                                       (array_agg(m.id order by m.id))[1], (array_agg(m.id order by m.id desc))[1],
                                       (array_agg(m.created_at order by m.id desc))[1])
                from chat.messages m where m.conversation_id = c.id))
    from chat.conversations c
$$;

set local role plinth_owner;
set local plinth.caller = '019e0000-0000-7000-8000-00000000c101';

select is(pg_temp.told('019e0000-0000-7000-8000-00000000c111'), '0 0 0', 'nothing yet');
insert into chat.messages (user_id, conversation_id, role, content, prompt_tokens, completion_tokens)
values ('019e0000-0000-7000-8000-00000000c101', '019e0000-0000-7000-8000-00000000c111', 'user', 'one', null, null);
select is(pg_temp.told('019e0000-0000-7000-8000-00000000c111'), '1 0 0', 'a message without tokens');

insert into chat.messages (user_id, id, conversation_id, role, content, prompt_tokens, completion_tokens, created_at)
select '019e0000-0000-7000-8000-00000000c101', base.id_at(t.at),
       case when n % 2 = 0 then '019e0000-0000-7000-8000-00000000c111' else '019e0000-0000-7000-8000-00000000c112' end::uuid,
       'assistant', 'answer', n, 1, t.at
  from generate_series(1, 1000) n cross join lateral (select now() - n * interval '1 day' as at) t;
select is(pg_temp.told('019e0000-0000-7000-8000-00000000c111'), '501 250500 500', 'a thousand at once');
select is(pg_temp.told('019e0000-0000-7000-8000-00000000c112'), '500 250000 500', 'into two conversations');
select ok(pg_temp.exact(), 'the numbers equal a recount, older messages too');
select is((select count(*) from chat.messages m where m.tableoid = 'chat.messages_before'::regclass)
          + (select count(*) from chat.messages m where m.tableoid <> 'chat.messages_default'::regclass
                                                    and m.tableoid <> 'chat.messages_before'::regclass), 1001::bigint,
          'history lies in its partition, and none in the default one');
select ok((select max(c.version) = 1 from chat.conversations c), 'messages do not make a new version of the conversation');

update chat.messages m set completion_tokens = 10 where m.conversation_id = '019e0000-0000-7000-8000-00000000c112';
select is(pg_temp.told('019e0000-0000-7000-8000-00000000c112'), '500 250000 5000', 'changed tokens');
update chat.messages m set prompt_tokens = null where m.conversation_id = '019e0000-0000-7000-8000-00000000c112';
select is(pg_temp.told('019e0000-0000-7000-8000-00000000c112'), '500 0 5000', 'tokens taken back');
update chat.messages m set content = m.content || '!' where m.conversation_id = '019e0000-0000-7000-8000-00000000c112';
select ok(pg_temp.exact(), 'a new text changes no number');
select is((select count(*) from chat.message_edits), 500::bigint, 'and the former ones are kept');

delete from chat.messages m
 where m.id in (select c.last_message_id from chat.conversations c union select c.first_message_id from chat.conversations c);
select is((select sum(c.message_count) from chat.conversations c), 997::numeric, 'the first and the last of both are gone');
select ok(pg_temp.exact(), 'and others are first and last');
delete from chat.messages m where m.conversation_id = '019e0000-0000-7000-8000-00000000c111';
select is(pg_temp.told('019e0000-0000-7000-8000-00000000c111'), '0 0 0', 'an empty one');
select ok(pg_temp.exact(), 'has no last message');

delete from chat.conversations c;
select is((select count(*) from chat.messages) + (select count(*) from chat.message_edits), 0::bigint,
          'what is in a conversation goes with it');

select * from finish();
rollback;
