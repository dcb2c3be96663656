-- api.create_messages: several at once, all or none.
begin;
select plan(25);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('api.create_messages'::regproc),
  'p_user_id uuid, p_conversation_id uuid, p_messages jsonb', 'arguments');
select is(pg_get_function_result('api.create_messages'::regproc),
  'TABLE(items json)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp",plan_cache_mode=force_generic_plan}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.create_messages'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.create_messages'::regproc;

create function pg_temp.said(p_messages jsonb) returns text language plpgsql as $$
declare
  v_field text;
begin
  perform api.create_messages(pg_temp.id('d901'), pg_temp.id('d911'), p_messages);
  return 'fine';
exception when sqlstate 'VL001' then
  get stacked diagnostics v_field = column_name;
  return concat_ws(' ', sqlstate, v_field);
end
$$;

insert into auth.users (id, username, email) values
  (pg_temp.id('d901'), 'tap_create_msgs_anna', 'tap_create_msgs_anna@example.org'),
  (pg_temp.id('d902'), 'tap_create_msgs_ben', 'tap_create_msgs_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  (pg_temp.id('d901'), pg_temp.id('d911'), 'active');

select pg_temp.id('d901') as anna \gset
\ir other_conversations.psql

set session authorization plinth_operator;
select is((select json_agg(i ->> 'content')
  from json_array_elements(c.items) i)::text, '["Why?", "Because."]', 'in their order')
  from api.create_messages(pg_temp.id('d901'), pg_temp.id('d911'),
    '[{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because.", "prompt_tokens": 3, "metadata": null}]') c;
select is(string_agg(m.content, ' ' order by m.id), 'Why? Because.', 'that is the order of their ids')
  from api.get_messages(pg_temp.id('d901'), pg_temp.id('d911')) m;
select is(json_array_length(c.items), 2, 'names work as for one')
  from api.create_messages(pg_temp.id('d901'), pg_temp.id('d911'),
    '[{"role": "user", "content": "a", "client_id": "n"}, {"role": "user", "content": "a", "client_id": "n"}]') c;
select is(c.message_count || ' ' || c.prompt_tokens, '3 3', 'both are one message')
  from api.get_conversation(pg_temp.id('d901'), pg_temp.id('d911')) c;
select is(c.items -> 0 ->> 'tool_calls', '[{"name": "f"}]', 'JSON stays JSON')
  from api.create_messages(pg_temp.id('d901'), pg_temp.id('d911'), '[{"role": "assistant", "tool_calls": [{"name": "f"}]}]') c;

select throws_ok($$ select api.create_messages(pg_temp.id('d901'), pg_temp.id('d911'), null) $$,
  'VL001', 'messages must be a list of 1 to 50', 'no list');
select throws_ok($$ select api.create_messages(pg_temp.id('d901'), pg_temp.id('d911'), '[]') $$,
  'VL001', 'messages must be a list of 1 to 50', 'an empty one');
select throws_ok(
  $$ select api.create_messages(pg_temp.id('d901'), pg_temp.id('d911'),
                                (select jsonb_agg('{}'::jsonb) from generate_series(1, 51))) $$,
  'VL001', 'messages must be a list of 1 to 50', 'one too long');
select throws_ok($$ select api.create_messages(pg_temp.id('d901'), pg_temp.id('d911'), '[1]') $$,
  'VL001', 'A message must be an object',
  'a message that is none');
select throws_ok($$ select api.create_messages(pg_temp.id('d901'), pg_temp.id('d911'), '[{"role": "user", "text": "x"}]') $$,
  'VL002', 'There is no such field', 'a field that is none');
select is_empty($q$
  select f.more from (values ('{"prompt_tokens": "a"}'::jsonb), ('{"completion_tokens": 1e300}'), ('{"parent_id": "abc"}'),
                             ('{"pinned": "maybe"}'), ('{"content": 5}'), ('{"metadata": []}'), ('{"role": {}}')) f (more)
   where pg_temp.said(jsonb_build_array('{"role": "user", "content": "x"}'::jsonb,
                                        '{"role": "user", "content": "x"}'::jsonb || f.more))
         <> format('VL001 messages[1].%s', (select k from jsonb_object_keys(f.more) k)) $q$, 'what is of another type is named');
select throws_ok($$ select api.create_messages(pg_temp.id('d901'), pg_temp.id('d911'), '[{"content": "x"}]') $$,
  'VL003', 'A message needs a role', 'no role');
select throws_ok(
  $$ select api.create_messages(pg_temp.id('d901'), pg_temp.id('d911'),
       '[{"role": "user", "content": "x", "parent_id": "019e0000-0000-7000-8000-00000000d919"}]') $$,
  'NF001', 'There is no such message in this conversation', 'a parent that is not there');
select throws_ok(
  $$ select api.create_messages(pg_temp.id('d901'), pg_temp.id('d911'),
                                '[{"role": "user", "content": "other", "client_id": "n"}]') $$,
  'KC001', 'The client_id is that of another message', 'a name that is taken');
select throws_ok($$ select api.create_messages(pg_temp.id('d902'), pg_temp.id('d911'), '[{"role": "user", "content": "x"}]') $$,
  'NF001', 'There is no such conversation', 'another user''s conversation is missing');
reset session authorization;
select base.set_setting('chat.pin_limit', '1');
set session authorization plinth_operator;
select throws_ok(
  $$ select api.create_messages(pg_temp.id('d901'), pg_temp.id('d911'),
       '[{"role": "user", "content": "x", "pinned": true}, {"role": "user", "content": "y", "pinned": true}]') $$,
  'KC008', 'There are 1 pinned messages already; unpin one', 'a pinned one too many');
select is(c.message_count, 4::bigint, 'all or none')
  from api.get_conversation(pg_temp.id('d901'), pg_temp.id('d911')) c;

reset session authorization;
set session authorization plinth_web;
select throws_ok(
  $$ select api.create_messages(pg_temp.id('d901'), pg_temp.id('d911'), '[{"role": "user", "content": "x"}]') $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
set local plinth.caller = '019e0000-0000-7000-8000-00000000d902';
select throws_ok(
  $$ select api.create_messages(pg_temp.id('d901'), pg_temp.id('d911'), '[{"role": "user", "content": "x"}]') $$,
  'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;
set local plinth.caller = '';
set session authorization plinth_reader;
select throws_ok(
  $$ select api.create_messages(pg_temp.id('d901'), pg_temp.id('d911'), '[{"role": "user", "content": "x"}]') $$,
  '42501', null, 'a reader may not');
reset session authorization;
select is(pg_temp.elsewhere(), e.conversations, 'her other conversations are as they were') from elsewhere e;

select * from finish();
rollback;
