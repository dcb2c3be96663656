-- api.delete_message: it is gone, its answers are not.
begin;
select plan(32);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('api.delete_message'::regproc),
  'p_user_id uuid, p_message_id uuid', 'arguments');
select is(pg_get_function_result('api.delete_message'::regproc),
  'void', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp",plan_cache_mode=force_generic_plan}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.delete_message'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.delete_message'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('dc01'), 'tap_delete_msg_anna', 'tap_delete_msg_anna@example.org'),
  (pg_temp.id('dc02'), 'tap_delete_msg_ben', 'tap_delete_msg_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  (pg_temp.id('dc01'), pg_temp.id('dc11'), 'active'), (pg_temp.id('dc01'), pg_temp.id('dc12'), 'deleted');
insert into chat.messages (user_id, id, conversation_id, parent_id, role, content, prompt_tokens) values
  (pg_temp.id('dc01'), pg_temp.id('dc20'), pg_temp.id('dc12'), null, 'user', 'gone', 1),
  (pg_temp.id('dc01'), pg_temp.id('dc21'), pg_temp.id('dc11'), null, 'user', 'one', 1),
  (pg_temp.id('dc01'), pg_temp.id('dc22'), pg_temp.id('dc11'), null, 'user', 'two', 1),
  (pg_temp.id('dc01'), pg_temp.id('dc23'), pg_temp.id('dc11'), pg_temp.id('dc22'), 'user', 'branch of two', 1),
  (pg_temp.id('dc01'), pg_temp.id('dc24'), pg_temp.id('dc11'), pg_temp.id('dc23'), 'user', 'on the branch', 1),
  (pg_temp.id('dc01'), pg_temp.id('dc25'), pg_temp.id('dc11'), null, 'user', 'three', 1);
create function pg_temp.tree() returns text language sql volatile as $$
  select string_agg(right(m.id::text, 2) || coalesce('<' || right(m.parent_id::text, 2), ''), ' ' order by m.id)
    from api.get_messages(pg_temp.id('dc01'), pg_temp.id('dc11')) m
$$;

select pg_temp.id('dc01') as anna \gset
\ir other_conversations.psql

set session authorization plinth_operator;
select throws_ok($$ select api.delete_message(pg_temp.id('dc02'), pg_temp.id('dc22')) $$,
  'NF001', 'There is no such message',
  'another user''s is missing');
select throws_ok($$ select api.delete_message(pg_temp.id('dc01'), pg_temp.id('dc20')) $$,
  'NF001', 'There is no such message',
  'one in a deleted conversation too');
select is(pg_temp.tree(), '21 22 23<22 24<23 25', 'as it was');
select lives_ok($$ select api.delete_message(pg_temp.id('dc01'), pg_temp.id('dc23')) $$, 'one on a branch');
select is(pg_temp.tree(), '21 22 24<22 25', 'its answer answers what it answered');
select lives_ok($$ select api.delete_message(pg_temp.id('dc01'), pg_temp.id('dc22')) $$, 'one on the main line');
select is(pg_temp.tree(), '21 24<21 25', 'its answer answers the one before');
select throws_ok($$ select api.delete_message(pg_temp.id('dc01'), pg_temp.id('dc21')) $$,
  'KC007', 'Branches begin with this message: remove what follows it on all but one first',
  'the first: its answer would become part of the main line');
select lives_ok($$ select api.delete_message(pg_temp.id('dc01'), pg_temp.id('dc25')) $$, 'the main line beside it');
select lives_ok($$ select api.delete_message(pg_temp.id('dc01'), pg_temp.id('dc21')) $$, 'the first');
select is(pg_temp.tree(), '24', 'its only answer begins the main line');
select throws_ok($$ select api.delete_message(pg_temp.id('dc01'), pg_temp.id('dc21')) $$,
  'NF001', 'There is no such message',
  'then it is not there any more');
select is(c.message_count || ' ' || c.prompt_tokens, '1 1', 'the conversation counts without them')
  from api.get_conversation(pg_temp.id('dc01'), pg_temp.id('dc11')) c;
select api.create_message(pg_temp.id('dc01'), pg_temp.id('dc11'), 'user', 'named', p_client_id => 'dc');
select lives_ok($$ select api.delete_message(pg_temp.id('dc01'), m.id)
                     from api.get_messages(pg_temp.id('dc01'), pg_temp.id('dc11'), p_limit => 1) m $$,
  'one with a name');
select is(m.content, 'other', 'the name is free again')
  from api.create_message(pg_temp.id('dc01'), pg_temp.id('dc11'), 'user', 'other', p_client_id => 'dc') m;
reset session authorization;

-- Two answers to the first message, and a summary. 31 <- 32, 31 <- 33; and 34, 35, 37 with 34 <- 36.
insert into chat.conversations (user_id, id, summary, summary_until) values
  (pg_temp.id('dc01'), pg_temp.id('dc13'), 'Said', pg_temp.id('dc33')),
  (pg_temp.id('dc01'), pg_temp.id('dc14'), 'Said', pg_temp.id('dc37'));
insert into chat.messages (user_id, id, conversation_id, parent_id, role, content)
select pg_temp.id('dc01'), pg_temp.id(m.id), pg_temp.id(m.conversation), pg_temp.id(m.parent), 'user', m.id
  from (values ('dc31', 'dc13', null), ('dc32', 'dc13', 'dc31'), ('dc33', 'dc13', 'dc31'), ('dc34', 'dc14', null),
               ('dc35', 'dc14', null), ('dc36', 'dc14', 'dc34'), ('dc37', 'dc14', null)) as m (id, conversation, parent);
create function pg_temp.summary(p_id text) returns text language sql volatile as $$
  select concat_ws(' ', c.summary, right(c.summary_until::text, 2))
    from api.get_conversation(pg_temp.id('dc01'), pg_temp.id(p_id)) c
$$;
set session authorization plinth_operator;
select throws_ok($$ select api.delete_message(pg_temp.id('dc01'), pg_temp.id('dc31')) $$,
  'KC007', 'Branches begin with this message: remove what follows it on all but one first',
  'two answers to the first would become one line');
select lives_ok($$ select api.delete_message(pg_temp.id('dc01'), pg_temp.id('dc33')) $$, 'the summary''s last, on a branch');
select is(pg_temp.summary('dc13'), 'Said 31', 'it covers what that one answered');
select lives_ok($$ select api.delete_message(pg_temp.id('dc01'), pg_temp.id('dc37')) $$, 'the summary''s last');
select is(pg_temp.summary('dc14'), 'Said 35', 'it covers the one before, of the main line');
select lives_ok($$ select api.delete_message(pg_temp.id('dc01'), pg_temp.id('dc35')) $$, 'that one');
select lives_ok($$ select api.delete_message(pg_temp.id('dc01'), pg_temp.id('dc34')) $$, 'and the first');
select is(pg_temp.summary('dc14'), '', 'nothing is left that it covers');
reset session authorization;
select is(count(*), 1::bigint, 'the trail has it') from ops.audit_logs l
 where l.entity_id = pg_temp.id('dc22')::text and l.action = 'delete' and l.entity_type = 'chat.messages';

reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select api.delete_message(pg_temp.id('dc01'), pg_temp.id('dc25')) $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
set local plinth.caller = '019e0000-0000-7000-8000-00000000dc02';
select throws_ok($$ select api.delete_message(pg_temp.id('dc01'), pg_temp.id('dc25')) $$,
  'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;
set local plinth.caller = '';
set session authorization plinth_reader;
select throws_ok($$ select api.delete_message(pg_temp.id('dc01'), pg_temp.id('dc25')) $$,
  '42501', null, 'a reader may not');
reset session authorization;
select is(pg_temp.elsewhere(), e.conversations, 'her other conversations are as they were') from elsewhere e;

select * from finish();
rollback;
