-- api.archive_conversation: it is put away, and goes on working.
begin;
select plan(12);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('api.archive_conversation'::regproc),
  'p_user_id uuid, p_conversation_id uuid', 'arguments');
select is(pg_get_function_result('api.archive_conversation'::regproc),
  'SETOF core.conversation_details', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.archive_conversation'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.archive_conversation'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('d301'), 'tap_archive_conv_anna', 'tap_archive_conv_anna@example.org'),
  (pg_temp.id('d302'), 'tap_archive_conv_ben', 'tap_archive_conv_ben@example.org');
insert into chat.conversations (user_id, id, title, status) values
  (pg_temp.id('d301'), pg_temp.id('d311'), 'mine', 'active'),
  (pg_temp.id('d301'), pg_temp.id('d313'), 'gone', 'deleted');

select pg_temp.id('d301') as anna \gset
\ir other_conversations.psql

set session authorization plinth_operator;
select is(c.status || c.version, 'archived2', 'put away')
  from api.archive_conversation(pg_temp.id('d301'), pg_temp.id('d311')) c;
select is(c.status || c.version, 'archived2', 'once more: it stays')
  from api.archive_conversation(pg_temp.id('d301'), pg_temp.id('d311')) c;
select throws_ok($$ select api.archive_conversation(pg_temp.id('d301'), pg_temp.id('d313')) $$,
  'NF001', 'There is no such conversation', 'a deleted one is missing');
select throws_ok($$ select api.archive_conversation(pg_temp.id('d302'), pg_temp.id('d311')) $$,
  'NF001', 'There is no such conversation', 'so is another user''s');

reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select api.archive_conversation(pg_temp.id('d301'), pg_temp.id('d311')) $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
set local plinth.caller = '019e0000-0000-7000-8000-00000000d302';
select throws_ok($$ select api.archive_conversation(pg_temp.id('d301'), pg_temp.id('d311')) $$,
  'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;
set local plinth.caller = '';
set session authorization plinth_reader;
select throws_ok($$ select api.archive_conversation(pg_temp.id('d301'), pg_temp.id('d311')) $$,
  '42501', null, 'a reader may not');
reset session authorization;
select is(pg_temp.elsewhere(), e.conversations, 'her other conversations are as they were') from elsewhere e;

select * from finish();
rollback;
