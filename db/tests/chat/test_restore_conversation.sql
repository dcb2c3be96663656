-- api.restore_conversation: what was archived or deleted is active again.
begin;
select plan(13);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('api.restore_conversation'::regproc),
  'p_user_id uuid, p_conversation_id uuid', 'arguments');
select is(pg_get_function_result('api.restore_conversation'::regproc),
  'SETOF core.conversation_details', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.restore_conversation'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.restore_conversation'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('d401'), 'tap_restore_conv_anna', 'tap_restore_conv_anna@example.org'),
  (pg_temp.id('d402'), 'tap_restore_conv_ben', 'tap_restore_conv_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  (pg_temp.id('d401'), pg_temp.id('d411'), 'active'),
  (pg_temp.id('d401'), pg_temp.id('d412'), 'archived'),
  (pg_temp.id('d401'), pg_temp.id('d413'), 'deleted');

select pg_temp.id('d401') as anna \gset
\ir other_conversations.psql

set session authorization plinth_operator;
select is(c.status || c.version, 'active2', 'an archived one')
  from api.restore_conversation(pg_temp.id('d401'), pg_temp.id('d412')) c;
select is(concat_ws(' ', c.status, c.version, c.deleted_at, c.erase_after), 'active 2', 'a deleted one')
  from api.restore_conversation(pg_temp.id('d401'), pg_temp.id('d413')) c;
select is(c.status || c.version, 'active1', 'an active one stays so')
  from api.restore_conversation(pg_temp.id('d401'), pg_temp.id('d411')) c;
select throws_ok($$ select api.restore_conversation(pg_temp.id('d402'), pg_temp.id('d413')) $$,
  'NF001', 'There is no such conversation', 'another user''s is missing');
select throws_ok($$ select api.restore_conversation(pg_temp.id('d401'), pg_temp.id('d419')) $$,
  'NF001', 'There is no such conversation', 'like one that never was');

reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select api.restore_conversation(pg_temp.id('d401'), pg_temp.id('d411')) $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
set local plinth.caller = '019e0000-0000-7000-8000-00000000d402';
select throws_ok($$ select api.restore_conversation(pg_temp.id('d401'), pg_temp.id('d411')) $$,
  'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;
set local plinth.caller = '';
set session authorization plinth_reader;
select throws_ok($$ select api.restore_conversation(pg_temp.id('d401'), pg_temp.id('d411')) $$,
  '42501', null, 'a reader may not');
reset session authorization;
select is(pg_temp.elsewhere(), e.conversations, 'her other conversations are as they were') from elsewhere e;

select * from finish();
rollback;
