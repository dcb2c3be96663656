-- api.create_message: what is written, what is refused, and what the same name a second time gives.
begin;
select plan(43);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('api.create_message'::regproc),
  'p_user_id uuid, p_conversation_id uuid, p_role text, p_content text DEFAULT NULL::text, '
  'p_tool_calls jsonb DEFAULT NULL::jsonb, p_tool_call_id text DEFAULT NULL::text, p_model text '
  'DEFAULT NULL::text, p_prompt_tokens integer DEFAULT NULL::integer, p_completion_tokens integer '
  'DEFAULT NULL::integer, p_parent_id uuid DEFAULT NULL::uuid, p_metadata jsonb DEFAULT '
  'NULL::jsonb, p_pinned boolean DEFAULT NULL::boolean, p_client_id text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.create_message'::regproc),
  'SETOF core.message_details', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp",plan_cache_mode=force_generic_plan}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.create_message'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.create_message'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('d801'), 'tap_create_msg_anna', 'tap_create_msg_anna@example.org'),
  (pg_temp.id('d802'), 'tap_create_msg_ben', 'tap_create_msg_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  (pg_temp.id('d801'), pg_temp.id('d811'), 'active'),
  (pg_temp.id('d801'), pg_temp.id('d812'), 'archived'),
  (pg_temp.id('d801'), pg_temp.id('d813'), 'deleted'),
  (pg_temp.id('d802'), pg_temp.id('d821'), 'active');

select pg_temp.id('d801') as anna \gset
\ir other_conversations.psql

set session authorization plinth_operator;
select is(to_jsonb(m) - '{id,created_at,updated_at}'::text[],
  '{"conversation_id": "019e0000-0000-7000-8000-00000000d811", "parent_id": null, "client_id": null, "role": "user",
    "content": "hello", "tool_calls": null, "tool_call_id": null, "model": null, "prompt_tokens": null,
    "completion_tokens": null, "metadata": {}, "pinned": false, "edited_at": null, "version": 1}'::jsonb, 'the least')
  from api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', 'hello') m;
select is(concat_ws(' ', m.role, m.content, m.tool_calls, m.tool_call_id, m.model, m.prompt_tokens, m.completion_tokens,
                    m.metadata, m.pinned, m.client_id),
          'assistant  [{"name": "f"}] call-1 gpt-x 10 20 {"a": 1} t m-1', 'all there is; calls of tools need no text')
  from api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'assistant', null, '[{"name": "f"}]', 'call-1', 'gpt-x',
                          10, 20, null, '{"a": 1}', true, 'm-1') m;
select is(m.client_id, 'm-1', 'the same name and all else the same: the same message')
  from api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'assistant', null, '[{"name": "f"}]', 'call-1', 'gpt-x',
                          10, 20, null, '{"a": 1}', true, 'm-1') m;
select is(concat_ws(' ', c.message_count, c.prompt_tokens, c.completion_tokens), '2 10 20', 'it counts once')
  from api.get_conversation(pg_temp.id('d801'), pg_temp.id('d811')) c;
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', 'other', p_client_id => 'm-1') $$,
  'KC001', 'The client_id is that of another message', 'the same name for something else');
select throws_ok(
  $$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d812'), 'assistant', null, '[{"name": "f"}]', 'call-1', 'gpt-x',
                               10, 20, null, '{"a": 1}', true, 'm-1') $$,
  'KC001', 'The client_id is that of another message', 'also elsewhere');
select is(m.client_id, 'm-1', 'names are unique per user')
  from api.create_message(pg_temp.id('d802'), pg_temp.id('d821'), 'user', 'mine', p_client_id => 'm-1') m;

-- Branches.
create temp table said as
select n, (api.create_message(pg_temp.id('d801'), pg_temp.id('d812'), 'user', 'line ' || n)).* from generate_series(1, 3) n;
select ok(bool_and(s.id > p.id), 'ids grow in the order of writing') from said s join said p on p.n = s.n - 1;
select is(m.parent_id, s.id, 'an answer on a branch')
  from said s, lateral api.create_message(pg_temp.id('d801'), pg_temp.id('d812'), 'user', 'branch', p_parent_id => s.id) m
 where s.n = 1;
select throws_ok(
  format($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', 'x', p_parent_id => %L) $$, s.id),
  'NF001', 'There is no such message in this conversation', 'a parent is in the same conversation')
  from said s where s.n = 1;
select throws_ok(
  format($$ select api.create_message(pg_temp.id('d802'), pg_temp.id('d821'), 'user', 'x', p_parent_id => %L) $$, s.id),
  'NF001', 'There is no such message in this conversation', 'and of the same user') from said s where s.n = 1;
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', 'x',
                                              p_parent_id => 'ffffffff-ffff-4fff-bfff-ffffffffffff') $$,
  'NF001', 'There is no such message in this conversation', 'an id that is yet to come is missing like any other');

select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d813'), 'user', 'x') $$,
  'NF001', 'There is no such conversation', 'a deleted conversation is missing');
select throws_ok($$ select api.create_message(pg_temp.id('d802'), pg_temp.id('d811'), 'user', 'x') $$,
  'NF001', 'There is no such conversation', 'so is another user''s');
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), null, 'x') $$,
  'VL003', 'A message needs a role', 'no role');
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user') $$,
  'VL003', 'A message needs content or tool_calls', 'nothing said');
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', '') $$,
  'VL003', 'A message needs content or tool_calls', 'an empty text');
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'robot', 'x') $$,
  'VL001', 'role must be system, user, assistant or tool', 'a role that is none');
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', repeat('x', 1000001)) $$,
  'VL001', 'content must have at most 1,000,000 characters', 'a text too long');
select throws_ok(
  $$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', repeat('é', 524288)) $$,
  'VL001', 'content must have at most 1 MiB, written as JSON', 'one of too many bytes');
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', repeat(e'\x01', 174763)) $$,
  'VL001', 'content must have at most 1 MiB, written as JSON', 'one that takes too many');
select lives_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', repeat('é', 524287)) $$,
  'as long as may be');
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', 'x', '{}') $$,
  'VL001', 'tool_calls must be a list of at most 256 kB', 'tool_calls that are no list');
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'assistant', 'x', '[{}, 1]') $$,
  'VL001', 'Each of tool_calls must be an object', 'a call that is no object');
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', 'x', '[{}]') $$,
  'VL001', 'tool_calls are of an assistant''s message', 'a call by somebody else');
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'assistant', null, '[]') $$,
  'VL003', 'A message needs content or tool_calls', 'no calls are none');
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'tool', 'x', p_tool_call_id => '') $$,
  'VL001', 'tool_call_id must have 1 to 200 characters and no control characters', 'an empty tool_call_id');
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', 'x', p_model => '') $$,
  'VL001', 'model must have 1 to 200 characters and no control characters', 'an empty model');
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', 'x', p_prompt_tokens => -1) $$,
  'VL001', 'prompt_tokens must not be negative', 'negative tokens');
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', 'x', p_completion_tokens => -1) $$,
  'VL001', 'completion_tokens must not be negative', 'of both kinds');
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', 'x', p_metadata => '[]') $$,
  'VL001', 'metadata must be an object of at most 16 kB', 'metadata that are no object');
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', 'x', p_client_id => '') $$,
  'VL001', 'client_id must have 1 to 200 characters and no control characters', 'an empty name');
reset session authorization;
select base.set_setting('chat.pin_limit', '1');
set session authorization plinth_operator;
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', 'x', p_pinned => true) $$,
  'KC008', 'There are 1 pinned messages already; unpin one', 'one pinned message too many');
select is(m.pinned, true, 'in another conversation it is the first')
  from api.create_message(pg_temp.id('d801'), pg_temp.id('d812'), 'user', 'x', p_pinned => true) m;
reset session authorization;
select base.set_setting('chat.pin_limit', '2');
set session authorization plinth_operator;
select is(m.pinned, true, 'what is not pinned takes no place')
  from api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', 'x', p_pinned => true) m;

reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', 'x') $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
set local plinth.caller = '019e0000-0000-7000-8000-00000000d802';
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', 'x') $$,
  'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;
set local plinth.caller = '';
set session authorization plinth_reader;
select throws_ok($$ select api.create_message(pg_temp.id('d801'), pg_temp.id('d811'), 'user', 'x') $$,
  '42501', null, 'a reader may not');
reset session authorization;
select is(pg_temp.elsewhere(), e.conversations, 'her other conversations are as they were') from elsewhere e;

select * from finish();
rollback;
