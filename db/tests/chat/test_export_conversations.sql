-- api.export_conversations: a history line by line, page by page; what it writes, an import reads.
begin;
select plan(28);

select is(pg_get_function_arguments('api.export_conversations'::regproc),
  'p_user_id uuid, p_conversation_id uuid DEFAULT NULL::uuid, p_after text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.export_conversations'::regproc), 'TABLE(line json, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.export_conversations'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.export_conversations'::regproc;

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-0000000' || p_end)::uuid
$$;
insert into auth.users (id, username, email) values
  (pg_temp.id('c9001'), 'tap_export_anna', 'tap_export_anna@example.org'),
  (pg_temp.id('c9002'), 'tap_export_ben', 'tap_export_ben@example.org');
insert into chat.conversations
  (user_id, id, client_id, client_fingerprint, title, status, language, metadata, created_at)
values
  (pg_temp.id('c9001'), pg_temp.id('c9010'), null, null, 'Tea', 'archived', 'simple', '{"b": null}', '2026-01-01T00:00:00Z'),
  (pg_temp.id('c9001'), pg_temp.id('c9020'), 'empty', 'x', null, 'active', 'english', '{}', '2026-01-02T00:00:00Z'),
  (pg_temp.id('c9001'), pg_temp.id('c9030'), null, null, 'gone', 'deleted', 'english', '{}', '2026-01-03T00:00:00Z'),
  (pg_temp.id('c9002'), pg_temp.id('c9040'), null, null, 'not hers', 'active', 'english', '{}', '2026-01-04T00:00:00Z');
insert into chat.messages
  (user_id, id, conversation_id, parent_id, client_id, role, content, tool_calls, completion_tokens, pinned, version,
   created_at, edited_at)
values
  (pg_temp.id('c9001'), pg_temp.id('c9011'), pg_temp.id('c9010'), null, 'hello', 'user', 'hello', null, null, true, 3,
   '2026-01-01T00:00:01Z', '2026-01-01T00:00:05Z'),
  (pg_temp.id('c9001'), pg_temp.id('c9012'), pg_temp.id('c9010'), null, null, 'assistant', '', '[{"n": null}]', 7, false, 1,
   '2026-01-01T00:00:02Z', null),
  (pg_temp.id('c9001'), pg_temp.id('c9013'), pg_temp.id('c9010'), pg_temp.id('c9011'), null, 'assistant', 'hi', null, null, false,
   1, '2026-01-01T00:00:03Z', null),
  (pg_temp.id('c9001'), pg_temp.id('c9031'), pg_temp.id('c9030'), null, null, 'user', 'gone', null, null, false, 1,
   '2026-01-01T00:00:03Z', null);
insert into chat.message_edits (user_id, message_id, version, content, written_at, edited_at) values
  (pg_temp.id('c9001'), pg_temp.id('c9011'), 1, 'helo', '2026-01-01T00:00:01Z', '2026-01-01T00:00:04Z'),
  (pg_temp.id('c9001'), pg_temp.id('c9011'), 2, 'hallo', '2026-01-01T00:00:04Z', '2026-01-01T00:00:05Z');
update chat.conversations set summary = 'A greeting', summary_until = pg_temp.id('c9012') where id = pg_temp.id('c9010');

create function pg_temp.lines(p_after text default null, p_conversation uuid default null, p_user text default 'c9001')
returns setof text language sql volatile as $$
  select e.line::text from api.export_conversations(pg_temp.id(p_user), p_conversation, p_after) e
$$;
create function pg_temp.cursors(p_after text default null) returns text language sql volatile as $$
  select string_agg(right(split_part(e.cursor, '/', 1), 2) || '/'
                    || right(replace(split_part(e.cursor, '/', 2), 'end', '-'), 2) || '/'
                    || split_part(e.cursor, '/', 3), ' ' order by e.n)
    from (select x.*, row_number() over () as n from api.export_conversations(pg_temp.id('c9001'), null, p_after) x) e
$$;

set session authorization plinth_web;
select throws_ok($$ select api.export_conversations('019e0000-0000-7000-8000-0000000c9001') $$, 'UN001', 'Nobody is signed in',
                 'nobody is signed in');
reset session authorization;

set session authorization plinth_operator;
select results_eq('select * from pg_temp.lines()',
  $$ values
  ('{"type" : "conversation", "client_id" : "019e0000-0000-7000-8000-0000000c9010", "title" : "Tea", "status" : "archived", '
   '"language" : "simple", "metadata" : {"b": null}, "created_at" : "2026-01-01T00:00:00+00:00"}'),
  ('{"type" : "message", "client_id" : "hello", "conversation" : "019e0000-0000-7000-8000-0000000c9010", "role" : "user", '
   '"content" : "hello", "pinned" : true, "created_at" : "2026-01-01T00:00:01+00:00", '
   '"edited_at" : "2026-01-01T00:00:05+00:00", "version" : 3}'),
  ('{"type" : "edit", "message" : "hello", "version" : 1, "content" : "helo", "written_at" : "2026-01-01T00:00:01+00:00", '
   '"edited_at" : "2026-01-01T00:00:04+00:00"}'),
  ('{"type" : "edit", "message" : "hello", "version" : 2, "content" : "hallo", "written_at" : "2026-01-01T00:00:04+00:00", '
   '"edited_at" : "2026-01-01T00:00:05+00:00"}'),
  ('{"type" : "message", "client_id" : "019e0000-0000-7000-8000-0000000c9012", '
   '"conversation" : "019e0000-0000-7000-8000-0000000c9010", "role" : "assistant", "content" : "", '
   '"tool_calls" : [{"n": null}], "completion_tokens" : 7, "created_at" : "2026-01-01T00:00:02+00:00"}'),
  ('{"type" : "message", "client_id" : "019e0000-0000-7000-8000-0000000c9013", '
   '"conversation" : "019e0000-0000-7000-8000-0000000c9010", "parent" : "hello", "role" : "assistant", "content" : "hi", '
   '"created_at" : "2026-01-01T00:00:03+00:00"}'),
  ('{"type" : "summary", "conversation" : "019e0000-0000-7000-8000-0000000c9010", "summary" : "A greeting", '
   '"until" : "019e0000-0000-7000-8000-0000000c9012"}'),
  ('{"type" : "conversation", "client_id" : "empty", "language" : "english", "created_at" : "2026-01-02T00:00:00+00:00"}') $$,
  'line by line: what is deleted, what is another user''s, and what says nothing is not in it');
reset session authorization;
select is_empty(
  $$ select k from pg_temp.lines() l, json_object_keys(l::json) k
      where k <> all (core.import_fields(l::json ->> 'type')) $$, 'no field that an import does not know');

set session authorization plinth_operator;
select is(pg_temp.cursors(), '10// 10/11/ 10/11/1 10/11/2 10/12/ 10/13/ 10/-/ 20//', 'each line has its place');
select is((select string_agg(pg_temp.cursors(e.cursor), '|' order by e.n)
             from (select x.*, row_number() over () as n from api.export_conversations(pg_temp.id('c9001')) x) e),
  '10/11/ 10/11/1 10/11/2 10/12/ 10/13/ 10/-/ 20//|10/11/1 10/11/2 10/12/ 10/13/ 10/-/ 20//|'
  '10/11/2 10/12/ 10/13/ 10/-/ 20//|10/12/ 10/13/ 10/-/ 20//|10/13/ 10/-/ 20//|10/-/ 20//|20//',
  'behind each of them comes the rest; behind the last, nothing');
select is((select count(*) from pg_temp.lines(p_conversation => pg_temp.id('c9010'))), 7::bigint, 'one conversation');
select is((select count(*) from pg_temp.lines(pg_temp.id('c9010') || '/end', pg_temp.id('c9010'))), 0::bigint, 'and no other');
select throws_ok($$ select pg_temp.lines(null, pg_temp.id('c9030')) $$, 'NF001', 'There is no such conversation', 'a deleted one');
select throws_ok($$ select pg_temp.lines(null, pg_temp.id('c9040')) $$, 'NF001', 'There is no such conversation',
          'another user''s');
select throws_ok($$ select pg_temp.lines('here') $$, 'VL001', 'after must be a place in this history', 'no place');
select throws_ok($$ select pg_temp.lines(pg_temp.id('c9010') || '/') $$, 'VL001', 'after must be a place in this history',
          'half of one');

-- What is removed between two pages is not missed.
reset session authorization;
set session authorization plinth_operator;
select api.delete_message(pg_temp.id('c9001'), pg_temp.id('c9012'));
select is(pg_temp.cursors(pg_temp.id('c9010') || '/' || pg_temp.id('c9012')), '10/13/ 10/-/ 20//', 'the message it ended with');
-- Nor is the summary that ended with it.
select is(concat_ws(' ', i.conversations, i.messages, i.edits, i.summaries, i.existing), '2 2 2 1 0', 'it can be imported')
  from api.import_conversations(pg_temp.id('c9002'), (select jsonb_agg(l::jsonb) from pg_temp.lines() l)) i;
reset session authorization;
delete from chat.conversations where id = pg_temp.id('c9010');
set session authorization plinth_operator;
select is(pg_temp.cursors(pg_temp.id('c9010') || '/' || pg_temp.id('c9012')), '20//', 'the conversation it ended in');

-- Pages: 500 lines, or what makes 256 kB.
select is(concat_ws(' ', i.conversations, i.messages), '1 1200', 'a long one')
  from api.import_conversations(pg_temp.id('c9001'), (
    select jsonb_agg(jsonb_build_object('type', 'message', 'client_id', 'm' || n, 'conversation', 'long', 'role', 'user',
                                        'content', 'n ' || n, 'created_at', timestamptz '2026-01-05Z' + n * interval '1 s'))
      from generate_series(1, 1200) n) || '[{"type": "conversation", "client_id": "long", "created_at": "2026-01-05"}]') i;
create function pg_temp.pages() returns text language plpgsql as $$
declare
  v_after text;
  v_count bigint;
  v_all   text[] := '{}';
begin
  loop
    select count(*), max(e.cursor) filter (where e.n = e.of) into v_count, v_after
      from (select x.*, row_number() over () as n, count(*) over () as of
              from api.export_conversations(pg_temp.id('c9001'), p_after => v_after) x) e;
    exit when v_count = 0;
    v_all := v_all || v_count::text;
  end loop;
  return array_to_string(v_all, ' ');
end
$$;
select is(pg_temp.pages(), '500 500 202', 'pages of 500 lines');
reset session authorization;
update chat.messages set content = repeat('x', 300000) where user_id = pg_temp.id('c9001') and client_id in ('m1', 'm2', 'm3');
delete from chat.message_edits where user_id = pg_temp.id('c9001');
set session authorization plinth_operator;
select is(pg_temp.pages(), '2 1 1 500 500 198', 'and of 256 kB');
reset session authorization;

-- As it really runs: along the index, whoever owns how much.
create function pg_temp.plan() returns text language plpgsql as $$
declare
  v_line text;
  v_all  text := '';
begin
  for v_line in
    explain (costs off) select m.* from chat.messages m
     where m.user_id = '019e0000-0000-7000-8000-0000000c9001' and m.conversation_id = '019e0000-0000-7000-8000-0000000c9001'
       and m.id >= '019e0000-0000-7000-8000-0000000c9001' and m.id <= '01aaa000-0000-7000-8000-0000000c9001'
     order by m.id limit 501
  loop
    v_all := v_all || v_line || E'\n';
  end loop;
  return v_all;
end
$$;
set local role plinth_owner;
set local plinth.caller = '019e0000-0000-7000-8000-0000000c9001';
-- Empty partitions may be read however it pleases.
select ok(bool_and(pg_temp.plan() ~ format('Index Scan using %s_user_id_conversation_id_id_idx', c.relname)),
          'no table is read from end to end')
  from (select distinct m.tableoid from chat.messages m
         where m.user_id = '019e0000-0000-7000-8000-0000000c9001') t
  join pg_class c on c.oid = t.tableoid;
reset role;

set session authorization plinth_reader;
select throws_ok($$ select api.export_conversations(null) $$, '42501', null, 'a reader may not');
reset session authorization;

-- Two conversations at a time: each line is told of where it was said.
select set_config('plinth.caller', '', true);
insert into auth.users (id, username, email) values (pg_temp.id('c9003'), 'tap_export_cleo', 'tap_export_cleo@example.org');
set session authorization plinth_operator;
select api.create_conversation(pg_temp.id('c9003'), p_client_id => c) from unnest('{a,b}'::text[]) c;
select api.create_message(pg_temp.id('c9003'), c.id, 'user', c.client_id || n, p_client_id => c.client_id || n)
  from generate_series(1, 2) n cross join lateral (
    select * from api.get_user_conversations(pg_temp.id('c9003')) k order by k.client_id) c;
select api.update_message(pg_temp.id('c9003'), m.id, m.content || ' anew')
  from api.get_user_conversations(pg_temp.id('c9003')) c
 cross join lateral api.get_messages(pg_temp.id('c9003'), c.id) m where m.content ~ '1';
select is((select string_agg(concat_ws(' ', left(l ->> 'type', 1), l ->> 'conversation', l ->> 'message', l ->> 'content'), ', '
                             order by n)
             from (select x::json as l, row_number() over () as n from pg_temp.lines(p_user => 'c9003') x) x),
          'c, m a a1 anew, e a1 a1, m a a2, c, m b b1 anew, e b1 b1, m b b2', 'not of where something else was');
reset session authorization;

-- A page ends with the line that makes it 256 kB, whatever is long.
insert into auth.users (id, username, email)
select pg_temp.id('c9a0' || n), 'tap_export_long' || n, 'tap_export_long' || n || '@example.org' from generate_series(1, 4) n;
insert into chat.conversations (user_id, id, context)
select pg_temp.id('c9a01'), pg_temp.id('c9b1' || n), jsonb_build_object('a', repeat('x', 60000)) from generate_series(1, 6) n;
insert into chat.conversations (user_id, id)
select pg_temp.id('c9a0' || u), pg_temp.id('c9b' || u || n)
  from (values (2, 1), (3, 1), (4, 1), (4, 2), (4, 3), (4, 4)) c (u, n);
insert into chat.messages (user_id, conversation_id, role, content)
select pg_temp.id('c9a02'), pg_temp.id('c9b21'), 'user', repeat('x', 100000) from generate_series(1, 7);
insert into chat.messages (user_id, id, conversation_id, role, content, version, edited_at) values
  (pg_temp.id('c9a03'), pg_temp.id('c9c31'), pg_temp.id('c9b31'), 'user', 'x', 6, now());
insert into chat.message_edits (user_id, message_id, version, content, written_at, edited_at)
select pg_temp.id('c9a03'), pg_temp.id('c9c31'), n, repeat('x', 100000), now(), now() from generate_series(1, 5) n;
insert into chat.messages (user_id, id, conversation_id, role, content)
select pg_temp.id('c9a04'), pg_temp.id('c9c4' || n), pg_temp.id('c9b4' || n), 'user', 'x' from generate_series(1, 4) n;
update chat.conversations c set summary = repeat('x', 100000), summary_until = c.last_message_id
 where c.user_id = pg_temp.id('c9a04');
create function pg_temp.pages(p_user uuid) returns integer[] language plpgsql as $$
declare
  v_pages integer[] := '{}';
  v_lines integer;
  v_after text;
begin
  loop
    select count(*), (array_agg(e.cursor))[count(*)] into v_lines, v_after from api.export_conversations(p_user, null, v_after) e;
    exit when v_lines = 0;
    v_pages := v_pages || v_lines;
  end loop;
  return v_pages;
end
$$;
set session authorization plinth_operator;
select is(pg_temp.pages(pg_temp.id('c9a01')), '{5,1}', 'conversations');
select is(pg_temp.pages(pg_temp.id('c9a02')), '{4,3,1}', 'messages');
select is(pg_temp.pages(pg_temp.id('c9a03')), '{5,2}', 'former texts');
select is(pg_temp.pages(pg_temp.id('c9a04')), '{9,3}', 'summaries');
reset session authorization;

select * from finish();
rollback;
