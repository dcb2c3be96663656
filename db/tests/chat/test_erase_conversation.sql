-- api.erase_conversation: nothing is left, and it tells how much that was.
begin;
select plan(23);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('api.erase_conversation'::regproc),
  'p_user_id uuid, p_conversation_id uuid', 'arguments');
select is(pg_get_function_result('api.erase_conversation'::regproc),
  'TABLE(conversations bigint, messages bigint, message_edits bigint, message_client_ids bigint, embeddings bigint, '
  'memories bigint, plans bigint, remaining bigint)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp",plan_cache_mode=force_custom_plan}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.erase_conversation'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.erase_conversation'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('d601'), 'tap_erase_conv_anna', 'tap_erase_conv_anna@example.org'),
  (pg_temp.id('d602'), 'tap_erase_conv_ben', 'tap_erase_conv_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  (pg_temp.id('d601'), pg_temp.id('d611'), 'active'),
  (pg_temp.id('d601'), pg_temp.id('d612'), 'deleted'),
  (pg_temp.id('d601'), pg_temp.id('d613'), 'active');

select pg_temp.id('d601') as anna \gset
\ir other_conversations.psql

insert into chat.skills (name, version, description, parameters, current) values ('TapErase', '1.0.0', 'x', '{}', true);
set session authorization plinth_operator;
select api.create_message(pg_temp.id('d601'), pg_temp.id('d611'), 'user', 'text ' || n,
                          p_client_id => case when n < 3 then 'c' || n end)
  from generate_series(1, 5) n;
select api.create_message(pg_temp.id('d601'), pg_temp.id('d613'), 'user', 'another');
select api.create_memory(pg_temp.id('d601'), 'likes coffee', p_conversation_id => pg_temp.id('d613'));
select api.create_memory(pg_temp.id('d601'), 'likes both');
select api.create_plan(pg_temp.id('d601'), 'Find coffee', p_conversation_id => pg_temp.id('d613'));
select api.start_function_execution(pg_temp.id('d601'), 'TapErase', '{"said": 1}', p_conversation_id => pg_temp.id('d613'));
select api.update_message(pg_temp.id('d601'), m.id, 'edited')
  from api.get_messages(pg_temp.id('d601'), pg_temp.id('d611')) m;
select api.create_memory(pg_temp.id('d601'), 'likes tea', p_conversation_id => pg_temp.id('d611'));
select api.create_plan(pg_temp.id('d601'), 'Find tea', p_conversation_id => pg_temp.id('d611'));
select throws_ok($$ select api.erase_conversation(pg_temp.id('d602'), pg_temp.id('d611')) $$,
  'NF001', 'There is no such conversation', 'another user''s is missing');
select is(to_jsonb(e), '{"conversations": 1, "messages": 5, "message_edits": 5, "message_client_ids": 2, "embeddings": 0,
  "memories": 1, "plans": 1, "remaining": 0}'::jsonb, 'how many rows went')
  from api.erase_conversation(pg_temp.id('d601'), pg_temp.id('d611')) e;
select results_eq($$ select e.conversations, e.messages from api.erase_conversation(pg_temp.id('d601'), pg_temp.id('d612')) e $$,
                  $$ values (1::bigint, 0::bigint) $$, 'a deleted one, too');
select throws_ok($$ select api.erase_conversation(pg_temp.id('d601'), pg_temp.id('d611')) $$,
  'NF001', 'There is no such conversation', 'then it is not there any more');
reset session authorization;
select results_eq(
  $$ select (select count(*) from chat.messages m where m.user_id = pg_temp.id('d601')),
            (select count(*) from chat.message_edits e where e.user_id = pg_temp.id('d601')),
            (select count(*) from chat.message_client_ids k where k.user_id = pg_temp.id('d601')),
            (select count(*) from memory.semantic_memories k where k.user_id = pg_temp.id('d601')),
            (select count(*) from chat.planner_executions k where k.user_id = pg_temp.id('d601')) $$,
  $$ values (4::bigint, 0::bigint, 0::bigint, 2::bigint, 1::bigint) $$, 'other conversations are as they were');
select is(e.conversation_id, pg_temp.id('d613'), 'and so are runs of functions in them')
  from chat.function_executions e where e.user_id = pg_temp.id('d601');


-- A long one: gone at once for whoever asks, and row by row for the server.
insert into chat.conversations (user_id, id, client_id, client_fingerprint, title) values
  (pg_temp.id('d601'), pg_temp.id('d614'), 'long', '', 'Long');
insert into chat.messages (user_id, id, conversation_id, role, content)
select pg_temp.id('d601'), ('019e0000-0000-7000-8000-0000d6' || lpad(n::text, 6, '0'))::uuid, pg_temp.id('d614'), 'user', 'x'
  from generate_series(1, 2003) n;
set session authorization plinth_operator;
select results_eq(
  $$ select e.messages, e.remaining from api.erase_conversation(pg_temp.id('d601'), pg_temp.id('d614')) e $$,
  $$ values (2003::bigint, 3::bigint) $$, 'a long one: how many go, and how many a job removes');
select throws_ok($$ select api.erase_conversation(pg_temp.id('d601'), pg_temp.id('d614')) $$,
  'NF001', 'There is no such conversation', 'it is missing');
select throws_ok($$ select api.restore_conversation(pg_temp.id('d601'), pg_temp.id('d614')) $$,
  'NF001', 'There is no such conversation', 'nothing brings it back');
select throws_ok($$ select api.get_conversation(pg_temp.id('d601'), pg_temp.id('d614')) $$,
  'NF001', null, 'nobody reads it');
select is(array(select c.title from api.get_user_conversations(pg_temp.id('d601'), 'deleted') c), '{Elsewhere}', 'no list has it');
select isnt(c.id, pg_temp.id('d614'), 'its name is free')
  from api.create_conversation(pg_temp.id('d601'), p_client_id => 'long') c;
reset session authorization;
select is(count(*), 3::bigint, 'what is left') from chat.messages m
 where m.user_id = pg_temp.id('d601') and m.conversation_id = pg_temp.id('d614');
set local role plinth_owner;
select is(core.erase_deleted_conversations(1000), 4, 'is the job''s');
reset role;
select is(count(*), 0::bigint, 'then nothing is') from chat.messages m
 where m.user_id = pg_temp.id('d601') and m.conversation_id = pg_temp.id('d614');

set session authorization plinth_web;
select throws_ok($$ select api.erase_conversation(pg_temp.id('d601'), pg_temp.id('d613')) $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
set local plinth.caller = '019e0000-0000-7000-8000-00000000d602';
select throws_ok($$ select api.erase_conversation(pg_temp.id('d601'), pg_temp.id('d613')) $$,
  'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;
set local plinth.caller = '';
set session authorization plinth_reader;
select throws_ok($$ select api.erase_conversation(pg_temp.id('d601'), pg_temp.id('d613')) $$,
  '42501', null, 'a reader may not');
reset session authorization;
select is(pg_temp.elsewhere(), e.conversations, 'her other conversations are as they were') from elsewhere e;

select * from finish();
rollback;
