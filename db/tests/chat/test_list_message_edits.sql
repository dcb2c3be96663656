-- api.list_message_edits: the texts a message had, page by page.
begin;
select plan(15);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('api.list_message_edits'::regproc),
  'p_user_id uuid, p_message_id uuid, p_after text DEFAULT NULL::text, p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.list_message_edits'::regproc),
  'TABLE(version integer, content text, tool_calls jsonb, written_at timestamp with time zone, '
  'edited_at timestamp with time zone, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp",plan_cache_mode=force_generic_plan}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.list_message_edits'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_message_edits'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('dd01'), 'tap_edits_anna', 'tap_edits_anna@example.org'),
  (pg_temp.id('dd02'), 'tap_edits_ben', 'tap_edits_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  (pg_temp.id('dd01'), pg_temp.id('dd11'), 'active'), (pg_temp.id('dd01'), pg_temp.id('dd12'), 'deleted');
insert into chat.messages (user_id, id, conversation_id, role, content) values
  (pg_temp.id('dd01'), pg_temp.id('dd21'), pg_temp.id('dd11'), 'assistant', 'v1'),
  (pg_temp.id('dd01'), pg_temp.id('dd22'), pg_temp.id('dd12'), 'user', 'gone'),
  (pg_temp.id('dd01'), pg_temp.id('dd23'), pg_temp.id('dd11'), 'user', 'another');
update chat.messages m set content = 'another one' where m.id = pg_temp.id('dd23');
update chat.messages m set content = 'v2' where m.id = pg_temp.id('dd21');
update chat.messages m set metadata = '{"a": 1}' where m.id = pg_temp.id('dd21');
update chat.messages m set content = 'v4', tool_calls = '[{}]' where m.id = pg_temp.id('dd21');

set session authorization plinth_operator;
select results_eq($$ select e.version, e.content, e.cursor from api.list_message_edits(pg_temp.id('dd01'), pg_temp.id('dd21')) e $$,
                  $$ values (3, 'v2', '3'), (1, 'v1', '1') $$, 'the last first; what was no edit is none');
select ok(bool_and(e.written_at <= e.edited_at), 'since when, until when')
  from api.list_message_edits(pg_temp.id('dd01'), pg_temp.id('dd21')) e;
select is(m.tool_calls, '[{}]', 'what it has now is with the message')
  from api.get_message(pg_temp.id('dd01'), pg_temp.id('dd21')) m;
select is(string_agg(e.content, ' '), 'v2', 'a page')
  from api.list_message_edits(pg_temp.id('dd01'), pg_temp.id('dd21'), null, 1) e;
select is(string_agg(e.content, ' '), 'v1', 'the next one')
  from api.list_message_edits(pg_temp.id('dd01'), pg_temp.id('dd21'), '3', 1) e;
select throws_ok($$ select api.list_message_edits(pg_temp.id('dd01'), pg_temp.id('dd21'), 'x') $$,
  'VL001', 'after must be the "next" of an earlier answer', 'a place that is none');
select throws_ok($$ select api.list_message_edits(pg_temp.id('dd01'), pg_temp.id('dd22')) $$,
  'NF001', 'There is no such message',
  'in a deleted conversation it is missing');
select throws_ok($$ select api.list_message_edits(pg_temp.id('dd02'), pg_temp.id('dd21')) $$,
  'NF001', 'There is no such message',
  'another user''s too');

reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select api.list_message_edits(pg_temp.id('dd01'), pg_temp.id('dd21')) $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
set local plinth.caller = '019e0000-0000-7000-8000-00000000dd02';
select throws_ok($$ select api.list_message_edits(pg_temp.id('dd01'), pg_temp.id('dd21')) $$,
  'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;
set local plinth.caller = '';
set session authorization plinth_reader;
select throws_ok($$ select api.list_message_edits(pg_temp.id('dd01'), pg_temp.id('dd21')) $$,
  '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
