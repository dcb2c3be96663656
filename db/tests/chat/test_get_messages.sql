-- api.get_messages: in order, page by page, along a branch, from few partitions.
begin;
select plan(40);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('api.get_messages'::regproc),
  'p_user_id uuid, p_conversation_id uuid, p_order text DEFAULT ''desc''::text, p_role text DEFAULT '
  'NULL::text, p_branch uuid DEFAULT NULL::uuid, p_after text DEFAULT NULL::text, p_limit integer '
  'DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.get_messages'::regproc),
  'TABLE(id uuid, conversation_id uuid, parent_id uuid, client_id text, role text, content text, '
  'tool_calls jsonb, tool_call_id text, model text, prompt_tokens integer, completion_tokens '
  'integer, metadata jsonb, pinned boolean, created_at timestamp with time zone, edited_at '
  'timestamp with time zone, updated_at timestamp with time zone, version integer, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_owner {"search_path=pg_catalog, pg_temp",plan_cache_mode=force_generic_plan}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.get_messages'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_messages'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('de01'), 'tap_get_msgs_anna', 'tap_get_msgs_anna@example.org'),
  (pg_temp.id('de02'), 'tap_get_msgs_ben', 'tap_get_msgs_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  (pg_temp.id('de01'), pg_temp.id('de11'), 'active'), (pg_temp.id('de01'), pg_temp.id('de12'), 'deleted'),
  (pg_temp.id('de01'), pg_temp.id('de13'), 'active'), (pg_temp.id('de01'), pg_temp.id('de14'), 'active');
insert into chat.messages (user_id, id, conversation_id, parent_id, role, content) values
  (pg_temp.id('de01'), pg_temp.id('de21'), pg_temp.id('de11'), null, 'user', 'a'),
  (pg_temp.id('de01'), pg_temp.id('de22'), pg_temp.id('de11'), null, 'assistant', 'b'),
  (pg_temp.id('de01'), pg_temp.id('de23'), pg_temp.id('de11'), pg_temp.id('de22'), 'user', 'b1'),
  (pg_temp.id('de01'), pg_temp.id('de24'), pg_temp.id('de11'), null, 'user', 'c'),
  (pg_temp.id('de01'), pg_temp.id('de25'), pg_temp.id('de11'), pg_temp.id('de23'), 'assistant', 'b2'),
  (pg_temp.id('de01'), pg_temp.id('de26'), pg_temp.id('de11'), null, 'assistant', 'd'),
  (pg_temp.id('de01'), pg_temp.id('de27'), pg_temp.id('de11'), pg_temp.id('de25'), 'user', 'b3');
-- A message a week, for four years.
insert into chat.messages (user_id, id, conversation_id, role, content, created_at)
select pg_temp.id('de01'), base.id_at(w.at), pg_temp.id('de13'), case n % 2 when 0 then 'user' else 'assistant' end,
       'week ' || n, w.at
  from generate_series(0, 207) n cross join lateral (select now() - (207 - n) * interval '7 days' as at) w;

create function pg_temp.said(p_id text, p_order text default 'desc', p_role text default null, p_branch text default null,
                             p_after text default null, p_limit integer default 50)
returns text language sql volatile as $$
  select string_agg(m.content, ' ' order by m.n)
    from (select l.*, row_number() over () as n
            from api.get_messages(pg_temp.id('de01'), ('019e0000-0000-7000-8000-00000000' || p_id)::uuid, p_order, p_role,
                                  ('019e0000-0000-7000-8000-00000000' || p_branch)::uuid, p_after, p_limit) l) m
$$;
-- All pages, one after another.
create function pg_temp.pages(p_id text, p_order text, p_branch text, p_limit integer) returns text language plpgsql as $$
declare
  v_all   text[] := '{}';
  v_page  text[];
  v_after text;
begin
  loop
    select array_agg(m.content order by m.n), max(m.cursor) filter (where m.n = p_limit) into v_page, v_after
      from (select l.*, row_number() over () as n
              from api.get_messages(pg_temp.id('de01'), ('019e0000-0000-7000-8000-00000000' || p_id)::uuid, p_order, null,
                                    ('019e0000-0000-7000-8000-00000000' || p_branch)::uuid, v_after, p_limit) l) m;
    v_all := v_all || v_page;
    exit when v_after is null;
  end loop;
  return array_to_string(v_all, ' ');
end $$;

set session authorization plinth_operator;
select is(pg_temp.said('de11'), 'b3 d b2 c b1 b a', 'newest first, of all branches');
select is(pg_temp.said('de11', 'asc'), 'a b b1 c b2 d b3', 'oldest first');
select is(pg_temp.said('de11', null), 'b3 d b2 c b1 b a', 'no order: newest first');
select is(pg_temp.said('de11', 'desc', 'assistant'), 'd b2 b', 'of one role');
select is(pg_temp.said('de11', 'asc', null, 'de27'), 'a b b1 b2 b3', 'the way to a message on a branch');
select is(pg_temp.said('de11', 'desc', null, 'de25'), 'b2 b1 b a', 'backwards, from the middle of it');
select is(pg_temp.said('de11', 'asc', null, 'de26'), 'a b c d', 'on the main line');
select is(pg_temp.said('de11', 'asc', 'user', 'de27'), 'a b1 b3', 'of one role');
select is(pg_temp.said('de11', 'asc', 'assistant', 'de26', null, 1), 'b', 'a page of one role is full along a way, too');
select is(pg_temp.said('de11', 'desc', 'user', 'de26', null, 2), 'c a', 'backwards');
select is(pg_temp.pages('de11', 'desc', null, 2), 'b3 d b2 c b1 b a', 'in pages of two');
select is(pg_temp.pages('de11', 'asc', null, 3), 'a b b1 c b2 d b3', 'of three, the other way');
select is(pg_temp.pages('de11', 'desc', 'de27', 2), 'b3 b2 b1 b a', 'along a branch');
select is(pg_temp.pages('de11', 'asc', 'de27', 2), 'a b b1 b2 b3', 'the other way');
select is(pg_temp.said('de14'), null, 'an empty conversation');
select is(pg_temp.pages('de13', 'desc', null, 50),
          (select string_agg('week ' || n, ' ' order by n desc)
  from generate_series(0, 207) n), 'over years, in pages');
select is(pg_temp.pages('de13', 'asc', null, 7),
          (select string_agg('week ' || n, ' ' order by n) from generate_series(0, 207) n), 'and the other way');
select is(pg_temp.said('de13', 'desc', 'user', null, null, 3), 'week 206 week 204 week 202', 'of one role');
select is(count(*), 208::bigint, 'all at once')
  from api.get_messages(pg_temp.id('de01'), pg_temp.id('de13'), p_limit => 1000);

-- An early message of a long line is answered once more, at its end.
reset session authorization;
insert into chat.conversations (user_id, id, status) values (pg_temp.id('de01'), pg_temp.id('de15'), 'active');
insert into chat.messages (user_id, id, conversation_id, role, content, created_at)
select pg_temp.id('de01'), base.id_at(t.at), pg_temp.id('de15'), 'user', 'm' || n, t.at
  from generate_series(1, 400) n
 cross join lateral (select base.time_of(pg_temp.id('de28')) - (401 - n) * interval '1 minute' as at) t;
insert into chat.messages (user_id, id, conversation_id, parent_id, role, content)
select m.user_id, pg_temp.id('de' || n), m.conversation_id, case n when 28 then m.id else pg_temp.id('de28') end,
       'assistant', 'again ' || n
  from chat.messages m, (values (28), (29)) v (n)
 where m.user_id = pg_temp.id('de01') and m.conversation_id = pg_temp.id('de15') and m.content = 'm3';
update chat.conversations set last_message_id = pg_temp.id('de29') where id = pg_temp.id('de15');
analyze chat.messages_before;  -- not all: its lock would hold up who makes partitions
create function pg_temp.looked_up() returns bigint language sql volatile as $$
  select sum(s.idx_tup_fetch)::bigint from pg_stat_xact_user_tables s
   where s.schemaname = 'chat' and s.relname like 'messages%'
$$;
select pg_temp.looked_up() as before \gset
set session authorization plinth_operator;
select is(pg_temp.said('de15', 'desc', null, 'de29'), 'again 29 again 28 m3 m2 m1', 'an old message answered at the end');
select is(pg_temp.said('de15', 'asc', null, 'de29'), 'm1 m2 m3 again 28 again 29', 'the other way');
select is(pg_temp.said('de15', 'asc', 'assistant', 'de29'), 'again 28 again 29', 'of one role');
reset session authorization;
select cmp_ok(pg_temp.looked_up() - :before, '<', 300::bigint, 'what the line went on with is not looked through');
set session authorization plinth_operator;
select is(pg_temp.pages('de15', 'asc', 'de29', 1), 'm1 m2 m3 again 28 again 29', 'page by page');
select is(pg_temp.pages('de15', 'desc', 'de29', 1), 'again 29 again 28 m3 m2 m1', 'and backwards');

select throws_ok($$ select api.get_messages(pg_temp.id('de01'), pg_temp.id('de11'), 'up') $$,
  'VL001', 'order must be asc or desc',
  'an order that is none');
select throws_ok($$ select api.get_messages(pg_temp.id('de01'), pg_temp.id('de11'), p_role => 'robot') $$,
  'VL001', 'role must be system, user, assistant or tool', 'a role that is none');
select throws_ok($$ select api.get_messages(pg_temp.id('de01'), pg_temp.id('de11'), p_after => 'x') $$,
  'VL001', 'after must be the "next" of an earlier answer', 'a place that is none');
select throws_ok($$ select api.get_messages(pg_temp.id('de01'), pg_temp.id('de13'), p_branch => pg_temp.id('de27')) $$,
  'NF001', 'There is no such message in this conversation', 'a branch of another conversation');
select throws_ok($$ select api.get_messages(pg_temp.id('de01'), pg_temp.id('de12')) $$,
  'NF001', 'There is no such conversation',
  'a deleted conversation is missing');
select throws_ok($$ select api.get_messages(pg_temp.id('de02'), pg_temp.id('de11')) $$,
  'NF001', 'There is no such conversation',
  'so is another user''s');

reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select api.get_messages(pg_temp.id('de01'), pg_temp.id('de11')) $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
set local plinth.caller = '019e0000-0000-7000-8000-00000000de02';
select throws_ok($$ select api.get_messages(pg_temp.id('de01'), pg_temp.id('de11')) $$,
  'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;
set local plinth.caller = '';
set session authorization plinth_reader;
select throws_ok($$ select api.get_messages(pg_temp.id('de01'), pg_temp.id('de11')) $$,
  '42501', null, 'a reader may not');
reset session authorization;

-- A page of two megabytes is full, and one more message tells that it goes on.
insert into chat.conversations (user_id, id) values (pg_temp.id('de01'), pg_temp.id('de1f'));
insert into chat.messages (user_id, conversation_id, role, content, tool_calls)
select pg_temp.id('de01'), pg_temp.id('de1f'), 'assistant', case when n < 5 then repeat('x', 1000000) else '' end,
       case when n > 4 then jsonb_build_array(jsonb_build_object('y', repeat('y', 260000))) end
  from generate_series(1, 20) n;
set session authorization plinth_operator;
select is((select count(*) from api.get_messages(pg_temp.id('de01'), pg_temp.id('de1f'), 'asc')), 4::bigint, 'long texts');
select is((select count(*) from api.get_messages(pg_temp.id('de01'), pg_temp.id('de1f'))), 10::bigint, 'long calls of tools');
reset session authorization;

select * from finish();
rollback;
