-- api.get_message: one's own; in a deleted conversation it is missing.
begin;
select plan(11);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('api.get_message'::regproc),
  'p_user_id uuid, p_message_id uuid', 'arguments');
select is(pg_get_function_result('api.get_message'::regproc),
  'SETOF core.message_details', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp",plan_cache_mode=force_generic_plan}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.get_message'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_message'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('da01'), 'tap_get_msg_anna', 'tap_get_msg_anna@example.org'),
  (pg_temp.id('da02'), 'tap_get_msg_ben', 'tap_get_msg_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  (pg_temp.id('da01'), pg_temp.id('da11'), 'active'), (pg_temp.id('da01'), pg_temp.id('da12'), 'deleted');
insert into chat.messages (user_id, id, conversation_id, role, content) values
  (pg_temp.id('da01'), pg_temp.id('da21'), pg_temp.id('da11'), 'user', 'hello'),
  (pg_temp.id('da01'), pg_temp.id('da22'), pg_temp.id('da12'), 'user', 'gone');

set session authorization plinth_operator;
select is(m.content, 'hello', 'one''s own') from api.get_message(pg_temp.id('da01'), pg_temp.id('da21')) m;
select throws_ok($$ select api.get_message(pg_temp.id('da01'), pg_temp.id('da22')) $$,
  'NF001', 'There is no such message',
                 'with its conversation it is deleted');
select throws_ok($$ select api.get_message(pg_temp.id('da02'), pg_temp.id('da21')) $$,
  'NF001', 'There is no such message',
                 'another user''s is missing');
select throws_ok($$ select api.get_message(pg_temp.id('da01'), null) $$,
  'NF001', 'There is no such message', 'and none');

reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select api.get_message(pg_temp.id('da01'), pg_temp.id('da21')) $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
set local plinth.caller = '019e0000-0000-7000-8000-00000000da02';
select throws_ok($$ select api.get_message(pg_temp.id('da01'), pg_temp.id('da21')) $$,
  'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;
set local plinth.caller = '';
set session authorization plinth_reader;
select throws_ok($$ select api.get_message(pg_temp.id('da01'), pg_temp.id('da21')) $$,
  '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
