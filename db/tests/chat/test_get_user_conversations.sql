-- api.get_user_conversations: the last active one first, filtered, page by page, by the indexes that are for it.
begin;
select plan(30);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('api.get_user_conversations'::regproc),
  'p_user_id uuid, p_status text DEFAULT ''active''::text, p_title text DEFAULT NULL::text, '
  'p_metadata jsonb DEFAULT NULL::jsonb, p_context jsonb DEFAULT NULL::jsonb, p_since timestamp '
  'with time zone DEFAULT NULL::timestamp with time zone, p_after text DEFAULT NULL::text, p_limit '
  'integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.get_user_conversations'::regproc),
  'TABLE(id uuid, client_id text, title text, status text, model text, language text, metadata '
  'jsonb, message_count bigint, prompt_tokens bigint, completion_tokens bigint, last_message_id '
  'uuid, last_message_at timestamp with time zone, created_at timestamp with time zone, updated_at '
  'timestamp with time zone, deleted_at timestamp with time zone, erase_after timestamp with time '
  'zone, version integer, cursor text)', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          's t plinth_system {"search_path=pg_catalog, pg_temp",plan_cache_mode=force_custom_plan}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.get_user_conversations'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.get_user_conversations'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('df01'), 'tap_list_conv_anna', 'tap_list_conv_anna@example.org'),
  (pg_temp.id('df02'), 'tap_list_conv_ben', 'tap_list_conv_ben@example.org');
insert into chat.conversations (user_id, id, title, status, context, metadata, created_at, updated_at) values
  (pg_temp.id('df01'), pg_temp.id('df11'), 'Trip to Rome', 'active', '{"city": "Rome"}', '{"tags": ["a", "b"]}',
   now() - interval '9 d', now() - interval '9 d'),
  (pg_temp.id('df01'), pg_temp.id('df12'), '100% sure', 'active', '{}', '{"tags": ["b"], "n": {"m": 1}}',
   now() - interval '8 d', now() - interval '8 d'),
  (pg_temp.id('df01'), pg_temp.id('df13'), null, 'active', '{}', '{}', now() - interval '7 d', now() - interval '7 d'),
  (pg_temp.id('df01'), pg_temp.id('df14'), 'Old trip', 'archived', '{}', '{}', now() - interval '6 d', now() - interval '6 d'),
  (pg_temp.id('df01'), pg_temp.id('df15'), 'Gone trip', 'deleted', '{}', '{}', now() - interval '5 d', now() - interval '5 d'),
  (pg_temp.id('df02'), pg_temp.id('df21'), 'His trip', 'active', '{"city": "Rome"}', '{"tags": ["a"]}', now(), now());
-- An old one in which something was said today is the first.
insert into chat.messages (user_id, conversation_id, role, content, prompt_tokens)
values (pg_temp.id('df01'), pg_temp.id('df12'), 'user', 'and now this', 7);

create function pg_temp.listed(p_status text default 'active', p_title text default null, p_metadata jsonb default null,
                               p_context jsonb default null, p_since timestamptz default null, p_after text default null,
                               p_limit integer default 50)
returns text language sql volatile as $$
  select string_agg(right(c.id::text, 2), ' ' order by c.n)
    from (select l.*, row_number() over () as n
            from api.get_user_conversations(pg_temp.id('df01'), p_status, p_title, p_metadata, p_context, p_since, p_after,
                                            p_limit) l) c
$$;

set session authorization plinth_operator;
select is(pg_temp.listed(), '12 13 11', 'the last active one first; a message is activity');
select is(pg_temp.listed('archived'), '14', 'archived ones');
select is(pg_temp.listed('deleted'), '15', 'deleted ones');
select is(pg_temp.listed(null), '12 13 11', 'no status: active ones');
select is(pg_temp.listed(p_title => 'TRIP'), '11', 'a part of the title, whatever the case; nobody else''s');
select is(pg_temp.listed(p_title => '100%'), '12', 'a percent sign is one');
select is(pg_temp.listed(p_title => 'nothing'), null, 'what is in no title');
select is(pg_temp.listed(p_metadata => '{"tags": ["b"]}'), '12 11', 'what metadata contain');
select is(pg_temp.listed(p_metadata => '{"n": {"m": 1}}'), '12', 'deeper');
select is(pg_temp.listed(p_context => '{"city": "Rome"}'), '11', 'what the context contains');
select is(pg_temp.listed(p_metadata => '{"tags": ["b"]}', p_title => 'rome'), '11', 'both');
select is(pg_temp.listed(p_since => now() - interval '8 days'), '12 13', 'active since');
select is(pg_temp.listed(p_since => now() - interval '7 days'), '12 13', 'to the moment');
select is(pg_temp.listed(p_since => now() - interval '7 days' + interval '1 microsecond'), '12', 'and not a moment earlier');
select throws_ok($$ select pg_temp.listed(p_title => repeat('x', 101)) $$, 'VL001', null, 'a long part of a title');
select is(pg_temp.listed(p_limit => 2), '12 13', 'a page');
select is(pg_temp.listed(p_after => c.cursor), '11', 'the next one')
  from api.get_user_conversations(pg_temp.id('df01')) c where right(c.id::text, 2) = '13';
select is(concat_ws(' ', c.message_count, c.prompt_tokens, c.completion_tokens), '1 7 0', 'with their numbers')
  from api.get_user_conversations(pg_temp.id('df01'), p_limit => 1) c;
select throws_ok($$ select api.get_user_conversations(pg_temp.id('df01'), 'open') $$,
  'VL001', 'status must be active, archived or deleted', 'a status that is none');
select throws_ok($$ select api.get_user_conversations(pg_temp.id('df01'), p_title => 'ab') $$,
  'VL001', 'title must have three letters or digits in a row, and at most 100 characters', 'too little to look for');
select throws_ok($$ select api.get_user_conversations(pg_temp.id('df01'), p_metadata => '[]') $$,
  'VL001', 'metadata must be an object', 'metadata that are no object');
select throws_ok($$ select api.get_user_conversations(pg_temp.id('df01'), p_context => '1') $$,
  'VL001', 'context must be an object', 'a context that is none');
select throws_ok($$ select api.get_user_conversations(pg_temp.id('df01'), p_after => 'x') $$,
  'VL001', 'after must be the "next" of an earlier answer', 'a place that is none');

reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select api.get_user_conversations(pg_temp.id('df01')) $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
set local plinth.caller = '019e0000-0000-7000-8000-00000000df02';
select throws_ok($$ select api.get_user_conversations(pg_temp.id('df01')) $$,
  'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;
set local plinth.caller = '';
set session authorization plinth_reader;
select throws_ok($$ select api.get_user_conversations(pg_temp.id('df01')) $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
