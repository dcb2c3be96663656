-- compat.save_chat_message: create_message as others call it.
begin;
select plan(14);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('compat.save_chat_message'::regproc),
  'p_message_id text, p_user_id uuid, p_session_id text, p_model text, p_role text, p_content text', 'arguments');
select is(pg_get_function_result('compat.save_chat_message'::regproc),
  'uuid', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v f plinth_owner {"search_path=pg_catalog, pg_temp"}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'compat.save_chat_message'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'compat.save_chat_message'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('e201'), 'tap_save_chat_anna', 'tap_save_chat_anna@example.org'),
  (pg_temp.id('e202'), 'tap_save_chat_ben', 'tap_save_chat_ben@example.org');

select pg_temp.id('e201') as anna \gset
\ir other_conversations.psql

set session authorization plinth_operator;
create temp table saved as select save_chat_message('m-1', pg_temp.id('e201'), 's-1', 'gpt-x', 'user', 'hello') as id;
select is(concat_ws(' ', h.message_id, s.session_id, h.model, h.role, h.content), 'm-1 s-1 gpt-x user hello',
          'message and session under the names of the caller')
  from saved
  join chat_history h on h.id = saved.id
  join chat_sessions s on s.id = h.session_id;
select is(save_chat_message('m-1', pg_temp.id('e201'), 's-1', 'gpt-x', 'user', 'hello'), saved.id, 'once more: the same')
  from saved;
select is(c.message_count, 1::bigint, 'once is once') from conversations c where c.client_id = 's-1';
select throws_ok($$ select save_chat_message('m-1', pg_temp.id('e201'), 's-1', 'gpt-x', 'user', 'else') $$,
  'KC001', 'The client_id is that of another message', 'the same name for something else');
select ok(save_chat_message('m-2', pg_temp.id('e201'), c.id::text, 'gpt-x', 'user', 'more') is not null, 'a session by its id')
  from conversations c where c.client_id = 's-1';
select is(string_agg(m.content, ' ' order by m.id), 'hello more', 'in one conversation')
  from messages m where m.user_id = pg_temp.id('e201') and m.content <> 'x';
select ok(save_chat_message('m-1', pg_temp.id('e202'), 's-1', 'gpt-x', 'user', 'mine') <> saved.id, 'names are unique per user')
  from saved;
select throws_ok($$ select save_chat_message('m-3', pg_temp.id('e201'), null, 'gpt-x', 'user', 'x') $$,
  'VL001', 'client_id must have 1 to 200 characters and no control characters', 'no session');
reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select compat.save_chat_message('m-3', pg_temp.id('e201'), 's-1', 'gpt-x', 'user', 'x') $$,
  '42501', null, 'the layer calls api');
reset session authorization;
select is(pg_temp.elsewhere(), e.conversations, 'her other conversations are as they were') from elsewhere e;

select * from finish();
rollback;
