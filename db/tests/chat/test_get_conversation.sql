-- api.get_conversation: one's own; what is deleted or another user's is missing.
begin;
select plan(12);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('api.get_conversation'::regproc),
  'p_user_id uuid, p_conversation_id uuid', 'arguments');
select is(pg_get_function_result('api.get_conversation'::regproc),
  'SETOF core.conversation_details', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp"}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.get_conversation'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_conversation'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('d101'), 'tap_get_conv_anna', 'tap_get_conv_anna@example.org'),
  (pg_temp.id('d102'), 'tap_get_conv_ben', 'tap_get_conv_ben@example.org');
insert into chat.conversations (user_id, id, title, status) values
  (pg_temp.id('d101'), pg_temp.id('d111'), 'mine', 'active'),
  (pg_temp.id('d101'), pg_temp.id('d112'), 'put away', 'archived'),
  (pg_temp.id('d101'), pg_temp.id('d113'), 'gone', 'deleted'),
  (pg_temp.id('d102'), pg_temp.id('d121'), 'his', 'active');

set session authorization plinth_operator;
select is(c.title, 'mine', 'one''s own') from api.get_conversation(pg_temp.id('d101'), pg_temp.id('d111')) c;
select is(c.status, 'archived', 'an archived one too')
  from api.get_conversation(pg_temp.id('d101'), pg_temp.id('d112')) c;
select throws_ok($$ select api.get_conversation(pg_temp.id('d101'), pg_temp.id('d113')) $$,
  'NF001', 'There is no such conversation',
                 'a deleted one is missing');
select throws_ok($$ select api.get_conversation(pg_temp.id('d101'), pg_temp.id('d121')) $$,
  'NF001', 'There is no such conversation',
                 'so is another user''s');
select throws_ok($$ select api.get_conversation(pg_temp.id('d101'), null) $$,
  'NF001', 'There is no such conversation', 'and none');

reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select api.get_conversation(pg_temp.id('d101'), pg_temp.id('d111')) $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
set local plinth.caller = '019e0000-0000-7000-8000-00000000d102';
select throws_ok($$ select api.get_conversation(pg_temp.id('d101'), pg_temp.id('d111')) $$,
  'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;
set local plinth.caller = '';
set session authorization plinth_reader;
select throws_ok($$ select api.get_conversation(pg_temp.id('d101'), pg_temp.id('d111')) $$,
  '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
