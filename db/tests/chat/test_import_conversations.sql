-- api.import_conversations: a history is taken over with its times and its order, once however often it is sent.
begin;
select plan(51);

select is(pg_get_function_arguments('api.import_conversations'::regproc),
  'p_user_id uuid, p_items jsonb, p_line integer DEFAULT NULL::integer', 'arguments');
select is(pg_get_function_result('api.import_conversations'::regproc),
  'TABLE(conversations bigint, messages bigint, edits bigint, summaries bigint, existing bigint)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.import_conversations'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.import_conversations'::regproc;

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-0000000' || p_end)::uuid
$$;
insert into auth.users (id, username, email) values
  (pg_temp.id('c8001'), 'tap_import_anna', 'tap_import_anna@example.org'),
  (pg_temp.id('c8002'), 'tap_import_ben', 'tap_import_ben@example.org');

create function pg_temp.take(p_items jsonb, p_user text default 'c8001', p_line integer default null)
returns text language sql volatile as $$
  select concat_ws(' ', i.conversations, i.messages, i.edits, i.summaries, i.existing)
    from api.import_conversations(pg_temp.id(p_user), p_items, p_line) i
$$;
-- Code, field and words of the refusal.
create function pg_temp.refused(p_items jsonb, p_line integer default null) returns text[] language plpgsql as $$
declare
  v_field text;
begin
  return array[pg_temp.take(p_items, 'c8001', p_line)];
exception when others then
  get stacked diagnostics v_field = column_name;
  return array[sqlstate, v_field, sqlerrm];
end
$$;
create function pg_temp.message(p_more jsonb) returns jsonb language sql as $$
  select jsonb_build_array('{"type": "message", "client_id": "new", "conversation": "talk", "role": "user", "content": "x",
                             "created_at": "2025-01-01"}'::jsonb || p_more)
$$;
create function pg_temp.faulty(p_more jsonb) returns jsonb language sql as $$
  select pg_temp.message('{"client_id": "faulty"}' || p_more)
$$;
create function pg_temp.said(p_user text default 'c8001') returns text language sql volatile as $$
  select string_agg(m.client_id, ' ' order by m.id) from chat.messages m where m.user_id = pg_temp.id(p_user)
$$;
create temp table history as select jsonb '[
  {"type": "conversation", "client_id": "talk", "title": "Tea", "status": "archived", "model": "m-1", "language": "simple",
   "context": {"a": null}, "metadata": {"b": 1}, "created_at": "2024-05-01T10:00:00Z"},
  {"type": "message", "client_id": "s", "conversation": "talk", "role": "system", "content": "Be brief",
   "created_at": "2024-05-01T10:00:00Z"},
  {"type": "message", "client_id": "u", "conversation": "talk", "role": "user", "content": "Milk?", "prompt_tokens": 3,
   "created_at": "2024-05-01T10:00:00Z", "edited_at": "2024-05-02T10:00:00Z", "version": 2, "metadata": {"n": null}},
  {"type": "edit", "message": "u", "version": 1, "content": "Mlik?", "written_at": "2024-05-01T10:00:00Z",
   "edited_at": "2024-05-02T10:00:00Z"},
  {"type": "message", "client_id": "call", "conversation": "talk", "role": "assistant", "model": "m-2",
   "tool_calls": [{"id": "t1", "n": null}], "prompt_tokens": 9, "completion_tokens": 4, "created_at": "2024-05-01T10:00:00Z"},
  {"type": "message", "client_id": "result", "conversation": "talk", "role": "tool", "tool_call_id": "t1", "content": "yes",
   "created_at": "2024-05-01T10:00:01Z"},
  {"type": "message", "client_id": "branch", "conversation": "talk", "parent": "u", "role": "assistant", "content": "No",
   "pinned": true, "created_at": "2024-05-03T10:00:00Z"},
  {"type": "summary", "conversation": "talk", "summary": "About tea", "until": "result"},
  {"type": "conversation", "client_id": "old", "created_at": "1999-12-31"},
  {"type": "message", "client_id": "o", "conversation": "old", "role": "user", "content": "y2k", "created_at": "1999-12-31"}
]' as items;
grant select on history to public;

set session authorization plinth_web;
select throws_ok($$ select api.import_conversations('019e0000-0000-7000-8000-0000000c8001', '[]') $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
reset session authorization;

set session authorization plinth_operator;
select is(pg_temp.take(h.items), '2 6 1 1 0', 'all of it is written') from history h;
reset session authorization;

select is(row_to_json(c)::text,
  '{"title":"Tea","status":"archived","model":"m-1","language":"simple","context":{"a": null},"metadata":{"b": 1},'
  '"summary":"About tea","until":"result","message_count":5,"prompt_tokens":12,"completion_tokens":4,'
  '"created_at":"2024-05-01T10:00:00+00:00","last_message_at":"2024-05-03T10:00:00+00:00",'
  '"updated_at":"2024-05-01T10:00:00+00:00"}',
  'the conversation, its numbers, and when it was last active')
  from (select c.title, c.status, c.model, c.language, c.context, c.metadata, c.summary,
               (select m.client_id from chat.messages m where m.user_id = c.user_id and m.id = c.summary_until) as until,
               c.message_count, c.prompt_tokens, c.completion_tokens, c.created_at, c.last_message_at, c.updated_at
          from chat.conversations c where c.user_id = pg_temp.id('c8001') and c.client_id = 'talk') c;
select is(pg_temp.said(), 'o s u call result branch', 'ids are in the order of time, and of the lines within a moment');
select is((select count(*) from chat.messages m
            where m.user_id = pg_temp.id('c8001')
              and base.time_of(m.id) <> date_trunc('milliseconds', m.created_at)), 0::bigint, 'they are of their moments');
select results_eq(
  $$ select m.role, m.content, m.tool_calls, m.tool_call_id, m.model, m.prompt_tokens, m.completion_tokens, m.metadata, m.pinned,
            m.created_at, m.edited_at, m.updated_at, m.version, p.client_id
       from chat.messages m left join chat.messages p on p.user_id = m.user_id and p.id = m.parent_id
      where m.user_id = pg_temp.id('c8001') and m.client_id in ('u', 'call', 'branch') order by m.id $$,
  $$ values ('user', 'Milk?', null::jsonb, null, null, 3, null::integer, jsonb '{"n": null}', false,
             timestamptz '2024-05-01T10:00:00Z', timestamptz '2024-05-02T10:00:00Z', timestamptz '2024-05-02T10:00:00Z', 2, null),
            ('assistant', '', '[{"id": "t1", "n": null}]', null, 'm-2', 9, 4, '{}', false, '2024-05-01T10:00:00Z', null,
             '2024-05-01T10:00:00Z', 1, null),
            ('assistant', 'No', null, null, null, null, null, '{}', true, '2024-05-03T10:00:00Z', null,
             '2024-05-03T10:00:00Z', 1, 'u') $$, 'messages, field by field');
select results_eq(
  $$ select e.version, e.content, e.written_at, e.edited_at from chat.message_edits e where e.user_id = pg_temp.id('c8001') $$,
  $$ values (1, 'Mlik?', timestamptz '2024-05-01T10:00:00Z', timestamptz '2024-05-02T10:00:00Z') $$, 'the former text');

set session authorization plinth_operator;
select is(pg_temp.take(h.items), '0 0 0 0 10', 'once more: all is there') from history h;
select is(pg_temp.take(h.items || pg_temp.message('{}')), '0 1 0 0 10', 'what is new is added') from history h;
select is(pg_temp.take(h.items, 'c8002'), '2 6 1 1 0', 'for another user it is another history') from history h;
select is(pg_temp.take('[]'), '0 0 0 0 0', 'nothing is nothing');
select is(pg_temp.take('[{"type": "message", "client_id": "child", "conversation": "fresh", "role": "user", "content": "b",
                          "parent": "mother", "created_at": "2024-01-02"},
                         {"type": "message", "client_id": "mother", "conversation": "fresh", "role": "user", "content": "a",
                          "created_at": "2024-01-01"},
                         {"type": "conversation", "client_id": "fresh"}]'), '1 2 0 0 0', 'whatever the order of the lines');
select is(pg_temp.take(pg_temp.message('{"client_id": "now", "created_at": null}')), '0 1 0 0 0', 'without a time: now');
reset session authorization;
select is((select m.created_at from chat.messages m where m.user_id = pg_temp.id('c8001') and m.client_id = 'now'), now(), 'it is');
select is((select m.content from chat.messages m where m.user_id = pg_temp.id('c8001') and m.client_id = 'o'), 'y2k',
          'what is there stays as it is');

-- What has no name of its own is known by its id.
insert into chat.conversations (user_id, id, title) values (pg_temp.id('c8001'), pg_temp.id('c8010'), 'unnamed');
insert into chat.messages (user_id, id, conversation_id, role, content)
values (pg_temp.id('c8001'), pg_temp.id('c8011'), pg_temp.id('c8010'), 'user', 'unnamed');
set session authorization plinth_operator;
select is(pg_temp.take(jsonb_build_array(
  jsonb_build_object('type', 'conversation', 'client_id', pg_temp.id('c8010')),
  jsonb_build_object('type', 'message', 'client_id', pg_temp.id('c8011'), 'conversation', pg_temp.id('c8010'), 'role', 'user',
                     'content', 'unnamed'),
  jsonb_build_object('type', 'message', 'client_id', 'answer', 'conversation', pg_temp.id('c8010'), 'role', 'assistant',
                     'content', 'named', 'parent', pg_temp.id('c8011')))), '0 1 0 0 2', 'by its id');
-- The same message by itself is the same.
select is(m.client_id, 'new', 'create_message knows it again')
  from api.create_message(pg_temp.id('c8001'),
    (select c.id from chat.conversations c where c.user_id = pg_temp.id('c8001') and c.client_id = 'talk'),
    'user', 'x', p_client_id => 'new') m;

select is(pg_temp.refused('{}'), array['VL001', 'items', 'items must be a list of at most 5,000'], 'no list');
select is(pg_temp.refused(null), array['VL001', 'items', 'items must be a list of at most 5,000'], 'none');
select is(pg_temp.refused((select jsonb_agg(n) from generate_series(1, 5001) n)),
          array['VL001', 'items', 'items must be a list of at most 5,000'], 'a long one');
select is(pg_temp.refused('[5]', 7), array['VL001', 'lines[7]', 'A line must be an object'], 'no object');
select is(pg_temp.refused(pg_temp.faulty('{"content": 5}')), array['VL001', 'items[0].content', 'content must be a string'],
          'a type');
select is(pg_temp.refused(pg_temp.faulty('{"tokens": 5}')),
          array['VL002', 'items[0].tokens', 'tokens is not a field of a line of type message'], 'an unknown field');
select is(pg_temp.refused(pg_temp.faulty('{"content": null}'), 1),
          array['VL003', 'lines[1].content', 'A message needs content or tool_calls'],
          'a rule of the table');
select is(pg_temp.refused(pg_temp.faulty('{"role": "robot"}')),
          array['VL001', 'items[0].role', 'role must be system, user, assistant or tool'], 'another');
select is(pg_temp.refused(pg_temp.faulty('{"prompt_tokens": 1.5}')),
          array['VL001', 'items[0].prompt_tokens', 'prompt_tokens must be a whole number from 0 to 2147483647'], 'a fraction');
select is(pg_temp.refused(pg_temp.faulty(jsonb_build_object('metadata', jsonb_build_object('x', repeat('x', 16384))))),
          array['VL001', 'items[0].metadata', 'metadata must be an object of at most 16 kB'], 'a size');
select is(pg_temp.refused(pg_temp.faulty('{"conversation": "none"}')),
          array['NF001', 'items[0].conversation', 'There is no such conversation'], 'no such conversation');
select is(pg_temp.refused(pg_temp.faulty('{"parent": "none"}'), 3),
          array['NF001', 'lines[3].parent', 'There is no such message in this conversation'], 'no such parent');
select is(pg_temp.refused(pg_temp.faulty('{"parent": "o"}')),
          array['NF001', 'items[0].parent', 'There is no such message in this conversation'], 'a parent elsewhere');
select is(pg_temp.refused(pg_temp.faulty('{"client_id": "before", "parent": "new", "created_at": "2024-12-31"}')),
          array['VL001', 'items[0].created_at', 'A message must be younger than its parent'], 'older than its parent');
select is(pg_temp.refused('[{"type": "edit", "message": "none", "version": 1, "content": "x"}]'),
          array['NF001', 'items[0].message', 'There is no such message'], 'a former text of nothing');
select is(pg_temp.refused('[{"type": "edit", "message": "u", "version": 2, "content": "x"}]'),
          array['VL001', 'items[0].version', 'version must be one that the message had before'], 'a former text that is to come');
select is(pg_temp.refused('[{"type": "summary", "conversation": "old", "summary": "x", "until": "u"}]'),
          array['NF001', 'items[0].until', 'There is no such message in this conversation'], 'a summary of something else');
select is(pg_temp.refused('[{"type": "summary", "conversation": "none", "summary": "x", "until": "u"}]'),
          array['NF001', 'items[0].conversation', 'There is no such conversation'], 'a summary of nothing');
reset session authorization;

-- One fault, and nothing of it is written.
set session authorization plinth_operator;
select is(pg_temp.refused(jsonb '[{"type": "conversation", "client_id": "half"}]'
                          || pg_temp.faulty('{"client_id": "half", "parent": "none"}')),
          array['NF001', 'items[1].parent', 'There is no such message in this conversation'], 'the second line is at fault');
reset session authorization;
select is_empty($$ select from chat.conversations c where c.client_id = 'half' $$, 'the first is not written either');

update chat.conversations set status = 'deleted' where user_id = pg_temp.id('c8001') and client_id = 'old';
select base.set_setting('chat.pin_limit', '2');
set session authorization plinth_operator;
select is(pg_temp.refused(pg_temp.faulty('{"client_id": "late", "conversation": "old"}')),
          array['NF001', 'items[0].conversation', 'There is no such conversation'], 'nothing new in what is deleted');
select is(pg_temp.refused('[{"type": "conversation", "client_id": "new one"}, {"type": "conversation", "client_id": "old"}]', 1),
          array['KC004', 'lines[2].client_id',
                'This conversation is deleted; restore it, or erase it, before its history is taken over'],
          'nor is it taken over a second time, unseen');
select is(pg_temp.refused('[{"type": "summary", "conversation": "old", "summary": "x", "until": "o"}]'),
          array['NF001', 'items[0].conversation', 'There is no such conversation'], 'nor is it summed up');
select is(pg_temp.refused(pg_temp.faulty('{"client_id": "p2", "pinned": true}')), array['0 1 0 0 0'], 'pinned');
select is(pg_temp.refused(pg_temp.faulty('{"client_id": "p3", "pinned": true}')),
          array['KC008', 'items[0].pinned', 'A conversation has at most 2 pinned messages'], 'too many');
select is(pg_temp.refused('[{"type": "conversation", "client_id": "pins"}]'
                          || pg_temp.faulty('{"client_id": "p4", "conversation": "pins", "pinned": true}')
                          || pg_temp.faulty('{"client_id": "p5", "conversation": "pins", "pinned": false}')
                          || pg_temp.faulty('{"client_id": "p6", "conversation": "pins", "pinned": true}')
                          || pg_temp.faulty('{"client_id": "p7", "conversation": "pins", "pinned": true}')
                          || pg_temp.faulty('{"client_id": "p8", "conversation": "pins", "pinned": true}'), 1),
          array['KC008', 'lines[5].pinned', 'A conversation has at most 2 pinned messages'], 'the one too many is named');
select is(pg_temp.refused(pg_temp.faulty(jsonb_build_object('content', repeat('é', 524288)))),
          array['VL001', 'items[0].content', 'content must have at most 1 MiB, written as JSON'], 'too long to be exported');
select is(pg_temp.refused(pg_temp.faulty('{"version": -5}')),
          array['VL001', 'items[0].version', 'version must be a whole number from 0 to 2147483647'], 'a version below any');
select is(pg_temp.refused(pg_temp.faulty('{"version": 2147483647}')),
          array['VL001', 'items[0].version', 'version must be from 1 to 1,000,000'], 'a version that nothing can follow');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select api.import_conversations(null, '[]') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
