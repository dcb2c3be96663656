-- api.update_message: edits, tokens, pins; the texts it had are kept.
begin;
select plan(29);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('api.update_message'::regproc),
  'p_user_id uuid, p_message_id uuid, p_content text DEFAULT NULL::text, p_tool_calls jsonb '
  'DEFAULT NULL::jsonb, p_model text DEFAULT NULL::text, p_prompt_tokens integer DEFAULT '
  'NULL::integer, p_completion_tokens integer DEFAULT NULL::integer, p_metadata jsonb DEFAULT '
  'NULL::jsonb, p_pinned boolean DEFAULT NULL::boolean, p_version integer DEFAULT NULL::integer', 'arguments');
select is(pg_get_function_result('api.update_message'::regproc),
  'SETOF core.message_details', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp",plan_cache_mode=force_generic_plan}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.update_message'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.update_message'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('db01'), 'tap_update_msg_anna', 'tap_update_msg_anna@example.org'),
  (pg_temp.id('db02'), 'tap_update_msg_ben', 'tap_update_msg_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  (pg_temp.id('db01'), pg_temp.id('db11'), 'active'), (pg_temp.id('db01'), pg_temp.id('db12'), 'deleted');
insert into chat.messages (user_id, id, conversation_id, role, content, tool_calls, prompt_tokens, pinned) values
  (pg_temp.id('db01'), pg_temp.id('db21'), pg_temp.id('db11'), 'assistant', 'first', null, 5, false),
  (pg_temp.id('db01'), pg_temp.id('db22'), pg_temp.id('db12'), 'user', 'gone', null, null, false),
  (pg_temp.id('db01'), pg_temp.id('db23'), pg_temp.id('db11'), 'assistant', 'calls', '[{}]', null, true);

select pg_temp.id('db01') as anna \gset
\ir other_conversations.psql

set session authorization plinth_operator;
select is(concat_ws(' ', m.content, m.version, m.prompt_tokens, m.edited_at is not null), 'second 2 5 t', 'another text')
  from api.update_message(pg_temp.id('db01'), pg_temp.id('db21'), 'second') m;
select results_eq($$ select e.version, e.content from api.list_message_edits(pg_temp.id('db01'), pg_temp.id('db21')) e $$,
                  $$ values (1, 'first') $$, 'the one it had is kept');
select is(concat_ws(' ', m.content, m.version, m.model, m.prompt_tokens, m.completion_tokens, m.metadata),
          'second 3 gpt-x 7 9 {"a": 1}', 'tokens, model, metadata are no edit')
  from api.update_message(pg_temp.id('db01'), pg_temp.id('db21'), null, null, 'gpt-x', 7, 9, '{"a": 1}') m;
select is(count(*), 1::bigint, 'there is one edit')
  from api.list_message_edits(pg_temp.id('db01'), pg_temp.id('db21')) e;
select is(c.prompt_tokens || ' ' || c.completion_tokens, '7 9', 'the conversation counts with it')
  from api.get_conversation(pg_temp.id('db01'), pg_temp.id('db11')) c;
select is(m.version, 3, 'what is as it was changes nothing')
  from api.update_message(pg_temp.id('db01'), pg_temp.id('db21'), 'second', p_prompt_tokens => 7) m;
select is(concat_ws(' ', m.content, m.tool_calls, m.version), 'second [{"n": 2}] 4', 'calls of tools')
  from api.update_message(pg_temp.id('db01'), pg_temp.id('db21'), p_tool_calls => '[{"n": 2}]', p_version => 3) m;
select is(m.content, '', 'beside them no text is needed')
  from api.update_message(pg_temp.id('db01'), pg_temp.id('db23'), '') m;
select is(m.pinned, false, 'unpinned')
  from api.update_message(pg_temp.id('db01'), pg_temp.id('db23'), p_pinned => false) m;
select is(m.pinned, true, 'pinned') from api.update_message(pg_temp.id('db01'), pg_temp.id('db21'), p_pinned => true) m;
select throws_ok($$ select api.update_message(pg_temp.id('db01'), pg_temp.id('db21'), 'x', p_version => 4) $$,
  'KC002', 'The version is 5 by now, not 4', 'the version of before');
select throws_ok($$ select api.update_message(pg_temp.id('db01'), pg_temp.id('db22'), 'x') $$,
  'NF001', 'There is no such message',
  'in a deleted conversation it is missing');
select throws_ok($$ select api.update_message(pg_temp.id('db02'), pg_temp.id('db21'), 'x') $$,
  'NF001', 'There is no such message',
  'another user''s too');
select throws_ok($$ select api.update_message(pg_temp.id('db01'), pg_temp.id('db21'), p_prompt_tokens => -1) $$,
  'VL001', 'prompt_tokens must not be negative', 'negative tokens');
reset session authorization;
update chat.messages m set tool_calls = null where m.id = pg_temp.id('db21');
select base.set_setting('chat.pin_limit', '1'), base.set_setting('chat.edit_limit', '3');
set session authorization plinth_operator;
select throws_ok($$ select api.update_message(pg_temp.id('db01'), pg_temp.id('db21'), '') $$,
  'VL003', 'A message needs content or tool_calls', 'nothing would be left');
select throws_ok($$ select api.update_message(pg_temp.id('db01'), pg_temp.id('db23'), p_pinned => true) $$,
  'KC008', 'There are 1 pinned messages already; unpin one', 'one pinned message too many');
select is(m.pinned, true, 'a pinned one stays so')
  from api.update_message(pg_temp.id('db01'), pg_temp.id('db21'), p_pinned => true) m;
select throws_ok($$ select api.update_message(pg_temp.id('db01'), pg_temp.id('db21'), 'once more') $$,
  'KC008', 'It was edited 3 times; write another message', 'edited too often');
select is(m.metadata, '{}', 'what is no edit still goes')
  from api.update_message(pg_temp.id('db01'), pg_temp.id('db21'), 'second', p_metadata => '{}') m;
reset session authorization;
select is(l.changed, '{content}', 'the trail has the edit')
  from ops.audit_logs l where l.entity_id = pg_temp.id('db21')::text and l.action = 'update' order by l.id limit 1;
select is(count(*), 0::bigint, 'and not the text') from ops.audit_details d
 where d.user_id = pg_temp.id('db01') and d.difference::text ~ 'first|second';

reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select api.update_message(pg_temp.id('db01'), pg_temp.id('db21'), 'x') $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
set local plinth.caller = '019e0000-0000-7000-8000-00000000db02';
select throws_ok($$ select api.update_message(pg_temp.id('db01'), pg_temp.id('db21'), 'x') $$,
  'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;
set local plinth.caller = '';
set session authorization plinth_reader;
select throws_ok($$ select api.update_message(pg_temp.id('db01'), pg_temp.id('db21'), 'x') $$,
  '42501', null, 'a reader may not');
reset session authorization;
select is(pg_temp.elsewhere(), e.conversations, 'her other conversations are as they were') from elsewhere e;

select * from finish();
rollback;
