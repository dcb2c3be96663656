-- api.get_context_window: the newest messages that fit, of one branch, with what is always part of it.
begin;
select plan(60);

select is(pg_get_function_arguments('api.get_context_window'::regproc),
  'p_user_id uuid, p_conversation_id uuid, p_max_tokens integer DEFAULT 8000, p_leaf uuid DEFAULT NULL::uuid', 'arguments');
select is(pg_get_function_result('api.get_context_window'::regproc),
  'TABLE(conversation_id uuid, leaf uuid, summary text, summary_until uuid, summary_tokens integer, messages json, '
  'message_count integer, tokens integer, left_out bigint, cut_by text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.get_context_window'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_context_window'::regproc;

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-0000000' || p_end)::uuid
$$;
insert into auth.users (id, username, email) values
  (pg_temp.id('cb001'), 'tap_window_anna', 'tap_window_anna@example.org'),
  (pg_temp.id('cb002'), 'tap_window_ben', 'tap_window_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  (pg_temp.id('cb001'), pg_temp.id('cb010'), 'active'), (pg_temp.id('cb001'), pg_temp.id('cb020'), 'active'),
  (pg_temp.id('cb001'), pg_temp.id('cb030'), 'deleted'), (pg_temp.id('cb002'), pg_temp.id('cb040'), 'active'),
  (pg_temp.id('cb001'), pg_temp.id('cb050'), 'active');
-- Each costs 10, but where something else is stored. 21 begins a branch: 03 -> 21 -> 22 -> 23 -> 24.
insert into chat.messages (user_id, id, conversation_id, parent_id, role, content, tool_calls, prompt_tokens, completion_tokens)
select pg_temp.id('cb001'), pg_temp.id('cb1' || m.id), pg_temp.id('cb010'), pg_temp.id('cb1' || m.parent), m.role, m.id,
       case when m.calls then '[{"id": "t"}]'::jsonb end,
       case when m.role <> 'assistant' then m.cost else 5000 end, case when m.role = 'assistant' then m.cost end
  from (values ('01', null, 'system', false, 10), ('02', null, 'system', false, 10), ('03', null, 'user', false, 10),
               ('04', null, 'assistant', false, 10), ('05', null, 'user', false, 10), ('06', null, 'assistant', true, 10),
               ('07', null, 'tool', false, 10), ('08', null, 'tool', false, 10), ('09', null, 'assistant', false, 10),
               ('10', null, 'system', false, 10),
               ('21', '03', 'assistant', false, 10), ('22', '21', 'assistant', true, 10), ('23', '22', 'tool', false, 10),
               ('24', '23', 'assistant', false, 10),
               ('30', null, 'user', false, 10), ('31', null, 'assistant', false, 10))
       as m (id, parent, role, calls, cost);
-- Another conversation of hers at the same time.
insert into chat.conversations (user_id, id) values (pg_temp.id('cb001'), pg_temp.id('cb0f0'));
insert into chat.messages (user_id, id, conversation_id, role, content, pinned)
select pg_temp.id('cb001'), pg_temp.id('cb1' || m.id), pg_temp.id('cb0f0'), m.role, 'elsewhere', m.pinned
  from (values ('00', 'system', false), ('0a', 'tool', false), ('0b', 'user', true), ('0c', 'system', false),
               ('0d', 'assistant', false), ('29', 'tool', true), ('2a', 'user', false), ('3a', 'assistant', false))
       as m (id, role, pinned);

create function pg_temp.said(p_tokens integer, p_leaf text default null, p_id text default 'cb010') returns text
language sql volatile as $$
  select concat_ws(' ', w.summary,
           (select string_agg(m ->> 'content', ' ' order by n) from json_array_elements(w.messages) with ordinality as x (m, n)),
           '= ' || w.tokens, '- ' || w.left_out)
    from api.get_context_window(pg_temp.id('cb001'), pg_temp.id(p_id), p_tokens, pg_temp.id('cb1' || p_leaf)) w
$$;

set session authorization plinth_web;
select throws_ok(
  $$ select api.get_context_window('019e0000-0000-7000-8000-0000000cb001', '019e0000-0000-7000-8000-0000000cb010') $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;

set session authorization plinth_operator;
select is(pg_temp.said(8000), '01 02 03 04 05 06 07 08 09 10 30 31 = 120 - 4', 'all of the main line, oldest first; no branch');
select is(pg_temp.said(119), '01 02 04 05 06 07 08 09 10 30 31 = 110 - 5', 'what it begins with stays, then the newest');
select is(pg_temp.said(110), '01 02 04 05 06 07 08 09 10 30 31 = 110 - 5', 'just enough is enough');
select is(pg_temp.said(89), '01 02 09 10 30 31 = 60 - 10', 'a call and its results: all, or none');
select is(pg_temp.said(90), '01 02 06 07 08 09 10 30 31 = 90 - 7', 'now they fit');
select is(pg_temp.said(69), '01 02 09 10 30 31 = 60 - 10', 'results never come without their call');
select is(pg_temp.said(20), '01 02 = 20 - 14', 'room for what is always there, and for nothing else');
select is(pg_temp.said(29), '01 02 = 20 - 14', 'nearly for one more');
select throws_ok($$ select pg_temp.said(19) $$, 'VL001',
  'max_tokens must have room for 20: the summary, the system messages at the beginning and the pinned ones', 'less is too little');

select is(pg_temp.said(8000, '24'), '01 02 03 21 22 23 24 = 70 - 9', 'a branch, up to the main line, and what comes before');
select is(pg_temp.said(45, '24'), '01 02 24 = 30 - 13', 'its call and result: none of them');
select is(pg_temp.said(50, '24'), '01 02 22 23 24 = 50 - 11', 'or all');
select is(pg_temp.said(8000, '05'), '01 02 03 04 05 = 50 - 11', 'up to an earlier message');
select is(pg_temp.said(8000, '07'), '01 02 03 04 05 06 07 = 70 - 9', 'a leaf within the results');
select is(pg_temp.said(8000, null, 'cb020'), '= 0 - 0', 'an empty conversation');
reset session authorization;

-- Pinned.
update chat.messages set pinned = true where user_id = pg_temp.id('cb001') and id in (pg_temp.id('cb104'), pg_temp.id('cb123'));
set session authorization plinth_operator;
select is(pg_temp.said(40), '01 02 04 31 = 40 - 12', 'what is pinned is part of it, in its place');
select is(pg_temp.said(8000), '01 02 03 04 05 06 07 08 09 10 30 31 = 120 - 4', 'it is there once');
select is(pg_temp.said(120), '01 02 03 04 05 06 07 08 09 10 30 31 = 120 - 4', 'and paid once');
select is(pg_temp.said(50, '24'), '01 02 22 23 24 = 50 - 11',
          'a pinned result brings its call; what is pinned elsewhere is not here');
select is(pg_temp.said(40, '24'), '01 02 22 23 = 40 - 12', 'it is paid first');
select is(pg_temp.said(30, '03'), '01 02 03 = 30 - 13', 'nothing that comes later');
reset session authorization;
update chat.messages set pinned = id = pg_temp.id('cb108') where user_id = pg_temp.id('cb001');
set session authorization plinth_operator;
select is(pg_temp.said(60), '01 02 06 07 08 31 = 60 - 10', 'a pinned result of the main line brings its call and its siblings');
reset session authorization;
update chat.messages set pinned = id = pg_temp.id('cb106') where user_id = pg_temp.id('cb001');
set session authorization plinth_operator;
select is(pg_temp.said(8000, '07'), '01 02 03 04 05 06 07 = 70 - 9', 'a pinned call brings no result that is behind the leaf');
reset session authorization;
update chat.messages set pinned = false where user_id = pg_temp.id('cb001');

-- The summary: 4 + 8 / 4 = 6 tokens.
update chat.conversations set summary = 'Until 07', summary_until = pg_temp.id('cb107') where id = pg_temp.id('cb010');
set session authorization plinth_operator;
select is(pg_temp.said(8000), 'Until 07 01 02 06 07 08 09 10 30 31 = 96 - 7',
          'what it covers is not repeated, but for a call whose last result it does not cover');
select is(pg_temp.said(46), 'Until 07 01 02 30 31 = 46 - 12', 'it is paid first');
select is(pg_temp.said(8000, '24'), '01 02 03 21 22 23 24 = 70 - 9', 'it is not of this branch');
select is(pg_temp.said(8000, '05'), '01 02 03 04 05 = 50 - 11', 'nor of what was before');
select is(pg_temp.said(8000, '07'), 'Until 07 01 02 = 26 - 14', 'up to the last one it covers, none is repeated');
select throws_ok($$ select pg_temp.said(25) $$, 'VL001',
  'max_tokens must have room for 26: the summary, the system messages at the beginning and the pinned ones', 'no room for it');
reset session authorization;
update chat.conversations set summary_until = pg_temp.id('cb131') where id = pg_temp.id('cb010');
set session authorization plinth_operator;
select is(pg_temp.said(8000), 'Until 07 01 02 = 26 - 14', 'it covers the newest: nothing is repeated');
reset session authorization;
update chat.conversations set summary_until = pg_temp.id('cb122') where id = pg_temp.id('cb010');
set session authorization plinth_operator;
select is(pg_temp.said(8000, '24'), 'Until 07 01 02 22 23 24 = 56 - 11', 'one of a branch');
select is(pg_temp.said(40), '01 02 30 31 = 40 - 12', 'is none of the main line');

select results_eq(
  $$ select array(select json_object_keys(m)), (m ->> 'tokens')::integer, m ->> 'role'
       from api.get_context_window(pg_temp.id('cb001'), pg_temp.id('cb010'), 30) w, json_array_elements(w.messages) m
      where m ->> 'content' = '31' $$,
  $$ values ('{id,parent_id,role,content,tool_calls,tool_call_id,pinned,created_at,tokens}'::text[], 10, 'assistant') $$,
  'what is told of a message');

select throws_ok($$ select pg_temp.said(0) $$, 'VL001', 'max_tokens must be from 1 to 10,000,000', 'no tokens');
select throws_ok($$ select pg_temp.said(null) $$, 'VL001', 'max_tokens must be from 1 to 10,000,000', 'NULL');
select throws_ok($$ select pg_temp.said(8000, '99') $$, 'NF001', 'There is no such message in this conversation', 'no such leaf');
select throws_ok($$ select pg_temp.said(8000, '01', 'cb050') $$, 'NF001', 'There is no such message in this conversation',
                 'a leaf of another conversation');
select throws_ok($$ select pg_temp.said(8000, null, 'cb030') $$, 'NF001', 'There is no such conversation', 'a deleted one');
select throws_ok($$ select pg_temp.said(8000, null, 'cb040') $$, 'NF001', 'There is no such conversation', 'another user''s');
reset session authorization;

-- The bound of bytes: three messages of 400,000, of which the last but one is Japanese, and a call with its result.
update base.settings set value = '1048576' where name = 'chat.window_bytes';
insert into chat.conversations (user_id, id) values
  (pg_temp.id('cb001'), pg_temp.id('cb060')), (pg_temp.id('cb001'), pg_temp.id('cb070'));
insert into chat.messages (user_id, id, conversation_id, parent_id, role, content, tool_calls)
select pg_temp.id('cb001'), pg_temp.id('cb2' || m.id), pg_temp.id('cb060'), pg_temp.id('cb2' || m.parent), m.role, m.content,
       case when m.calls then '[{"id": "t"}]'::jsonb end
  from (values ('01', null, 'user', repeat('x', 400000), false), ('02', null, 'assistant', repeat('x', 100000), true),
               ('03', null, 'tool', repeat('x', 200000), false), ('04', null, 'user', repeat('日', 133333) || 'x', false),
               ('05', null, 'assistant', repeat('x', 400000), false),
               ('11', '01', 'user', repeat('x', 500000), false), ('12', '11', 'assistant', repeat('x', 500000), false))
       as m (id, parent, role, content, calls);
create function pg_temp.held(p_tokens integer, p_leaf text default null, p_id text default 'cb060') returns text
language sql volatile as $$
  select concat_ws(' ', (select string_agg(right(m ->> 'id', 2), ' ' order by n)
                           from json_array_elements(w.messages) with ordinality as x (m, n)),
                   '- ' || w.left_out, w.cut_by)
    from api.get_context_window(pg_temp.id('cb001'), pg_temp.id(p_id), p_tokens, pg_temp.id('cb2' || p_leaf)) w
$$;

set session authorization plinth_operator;
select is(pg_temp.held(10000000, '01'), '01 - 6', 'all there is: nothing was cut');
select is(pg_temp.held(10000000, '05'), '04 05 - 5 bytes', 'the newest that fit; the call of a result that would fit does not');
select is(pg_temp.held(10000000, '04'), '02 03 04 - 4 bytes', 'a call and its result fit');
select is(pg_temp.held(120000, '05'), '05 - 6 tokens', 'fewer tokens than bytes');
select is(pg_temp.held(10000000, '12'), '11 12 - 5 bytes', 'a branch');
select is(pg_temp.held(10000000, null, 'cb070'), '- 0', 'nothing said');
reset session authorization;
update chat.messages set content = repeat('x', 48576) where user_id = pg_temp.id('cb001') and id = pg_temp.id('cb201');
set session authorization plinth_operator;
select is(pg_temp.held(10000000, '12'), '01 11 12 - 4', 'to the byte');
reset session authorization;
update chat.messages set content = repeat('x', 48577) where user_id = pg_temp.id('cb001') and id = pg_temp.id('cb201');
set session authorization plinth_operator;
select is(pg_temp.held(10000000, '12'), '11 12 - 5 bytes', 'one more does not fit');
reset session authorization;

update chat.messages set pinned = true where user_id = pg_temp.id('cb001') and id in (pg_temp.id('cb202'), pg_temp.id('cb204'));
set session authorization plinth_operator;
select is(pg_temp.held(10000000, '05'), '02 03 04 - 4 bytes', 'what is pinned is paid first, in bytes as well');
reset session authorization;
update chat.messages set pinned = true where user_id = pg_temp.id('cb001') and id = pg_temp.id('cb205');
set session authorization plinth_operator;
select throws_ok($$ select pg_temp.held(10000000, '05') $$, 'KC004',
  'The summary, the system messages at the beginning and the pinned ones are 51437 bytes more than a window has; unpin some',
  'more is pinned than a window has');
reset session authorization;
update chat.messages set pinned = false where user_id = pg_temp.id('cb001');
update chat.conversations set summary = repeat('日', 100000), summary_until = pg_temp.id('cb201') where id = pg_temp.id('cb060');
set session authorization plinth_operator;
select is(pg_temp.held(10000000, '05'), '05 - 6 bytes', 'the summary, too');
reset session authorization;
update base.settings set value = '8388608' where name = 'chat.window_bytes';
set session authorization plinth_operator;
select is(pg_temp.held(10000000, '05'), '02 03 04 05 - 3', 'more than the summary covers is not wanted: nothing was cut');
select is(pg_temp.held(300000, '05'), '04 05 - 5 tokens', 'cut where all bytes have room');
reset session authorization;

-- The bound of messages.
insert into chat.messages (user_id, conversation_id, role, content)
select pg_temp.id('cb001'), pg_temp.id('cb070'), 'user', n::text from generate_series(1, 10000) n;
set session authorization plinth_operator;
select results_eq(
  $$ select message_count, left_out, cut_by from api.get_context_window(pg_temp.id('cb001'), pg_temp.id('cb070'), 10000000) $$,
  $$ values (10000, 0::bigint, null::text) $$, 'ten thousand are a window');
reset session authorization;
insert into chat.messages (user_id, conversation_id, role, content)
select pg_temp.id('cb001'), pg_temp.id('cb070'), 'user', 'one more';
set session authorization plinth_operator;
select results_eq(
  $$ select message_count, left_out, cut_by from api.get_context_window(pg_temp.id('cb001'), pg_temp.id('cb070'), 10000000) $$,
  $$ values (10000, 1::bigint, 'messages') $$, 'more are not');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select api.get_context_window(null, null) $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
