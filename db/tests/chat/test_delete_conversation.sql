-- api.delete_conversation: it is gone, and can be restored for a while.
begin;
select plan(14);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('api.delete_conversation'::regproc),
  'p_user_id uuid, p_conversation_id uuid', 'arguments');
select is(pg_get_function_result('api.delete_conversation'::regproc),
  'void', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.delete_conversation'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.delete_conversation'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('d501'), 'tap_delete_conv_anna', 'tap_delete_conv_anna@example.org'),
  (pg_temp.id('d502'), 'tap_delete_conv_ben', 'tap_delete_conv_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  (pg_temp.id('d501'), pg_temp.id('d511'), 'archived');
insert into chat.messages (user_id, conversation_id, role, content) values
  (pg_temp.id('d501'), pg_temp.id('d511'), 'user', 'still here');

select pg_temp.id('d501') as anna \gset
\ir other_conversations.psql

set session authorization plinth_operator;
select throws_ok($$ select api.delete_conversation(pg_temp.id('d502'), pg_temp.id('d511')) $$,
  'NF001', 'There is no such conversation', 'another user''s is missing');
select lives_ok($$ select api.delete_conversation(pg_temp.id('d501'), pg_temp.id('d511')) $$, 'deleted');
select throws_ok($$ select api.delete_conversation(pg_temp.id('d501'), pg_temp.id('d511')) $$,
  'NF001', 'There is no such conversation', 'then it is missing');
reset session authorization;
select is(c.erase_after - c.deleted_at, interval '30 days', 'for so long it can be restored')
  from chat.conversations c where c.id = pg_temp.id('d511');
select is(count(*), 1::bigint, 'with its messages') from chat.messages m where m.conversation_id = pg_temp.id('d511');
select base.set_setting('chat.grace_days', '1');
update chat.conversations c set status = 'deleted', title = 'x' where c.id = pg_temp.id('d511');
select is(c.erase_after - c.deleted_at, interval '30 days', 'a setting changed later breaks no promise')
  from chat.conversations c where c.id = pg_temp.id('d511');

reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select api.delete_conversation(pg_temp.id('d501'), pg_temp.id('d511')) $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
set local plinth.caller = '019e0000-0000-7000-8000-00000000d502';
select throws_ok($$ select api.delete_conversation(pg_temp.id('d501'), pg_temp.id('d511')) $$,
  'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;
set local plinth.caller = '';
set session authorization plinth_reader;
select throws_ok($$ select api.delete_conversation(pg_temp.id('d501'), pg_temp.id('d511')) $$,
  '42501', null, 'a reader may not');
reset session authorization;
select is(pg_temp.elsewhere(), e.conversations, 'her other conversations are as they were') from elsewhere e;

select * from finish();
rollback;
