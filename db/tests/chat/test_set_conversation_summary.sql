-- api.set_conversation_summary: what a conversation was about, up to one of its messages.
begin;
select plan(23);

select is(pg_get_function_arguments('api.set_conversation_summary'::regproc),
  'p_user_id uuid, p_conversation_id uuid, p_summary text, p_until uuid DEFAULT NULL::uuid, p_seen uuid DEFAULT NULL::uuid',
  'arguments');
select is(pg_get_function_result('api.set_conversation_summary'::regproc), 'SETOF core.conversation_details', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}', 'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.set_conversation_summary'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.set_conversation_summary'::regproc;

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-0000000' || p_end)::uuid
$$;
insert into auth.users (id, username, email) values
  (pg_temp.id('ca001'), 'tap_summary_anna', 'tap_summary_anna@example.org'),
  (pg_temp.id('ca002'), 'tap_summary_ben', 'tap_summary_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  (pg_temp.id('ca001'), pg_temp.id('ca010'), 'active'), (pg_temp.id('ca001'), pg_temp.id('ca020'), 'active'),
  (pg_temp.id('ca001'), pg_temp.id('ca030'), 'deleted'), (pg_temp.id('ca002'), pg_temp.id('ca040'), 'active');
insert into chat.messages (user_id, id, conversation_id, role, content) values
  (pg_temp.id('ca001'), pg_temp.id('ca011'), pg_temp.id('ca010'), 'user', 'a'),
  (pg_temp.id('ca001'), pg_temp.id('ca012'), pg_temp.id('ca010'), 'user', 'b'),
  (pg_temp.id('ca001'), pg_temp.id('ca021'), pg_temp.id('ca020'), 'user', 'c');
create function pg_temp.sum_up(p_summary text, p_until text default null, p_seen text default null, p_id text default 'ca010')
returns text language sql volatile as $$
  select concat_ws(' ', right(s.id::text, 5), s.summary, right(s.summary_until::text, 5))
    from api.set_conversation_summary(pg_temp.id('ca001'), pg_temp.id(p_id), p_summary, pg_temp.id(p_until), p_seen::uuid) s
$$;

select pg_temp.id('ca001') as anna \gset
\ir other_conversations.psql

set session authorization plinth_web;
select throws_ok($$ select pg_temp.sum_up('x', 'ca011') $$, 'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;

set session authorization plinth_operator;
select is(pg_temp.sum_up('An a', 'ca011'), 'ca010 An a ca011', 'a summary up to a message');
select is(pg_temp.sum_up('An a and a b', 'ca012', pg_temp.id('ca011')::text), 'ca010 An a and a b ca012',
          'the next one covers more');
select throws_ok($$ select pg_temp.sum_up('Late', 'ca011', pg_temp.id('ca011')::text) $$, 'KC002',
                 'There is another summary by now', 'somebody was faster');
select throws_ok($$ select pg_temp.sum_up('Late', 'ca011', '00000000-0000-0000-0000-000000000000') $$, 'KC002',
                 'There is another summary by now', 'there was none, he thinks');
select is(pg_temp.sum_up(''), 'ca010', 'taken away');
select is(pg_temp.sum_up(null), 'ca010', 'once more');
select is(pg_temp.sum_up('First', 'ca011', '00000000-0000-0000-0000-000000000000'), 'ca010 First ca011', 'there was none');
reset session authorization;
select is((select concat_ws(' ', c.version, c.updated_at = c.created_at) from chat.conversations c
            where c.id = pg_temp.id('ca010')),
          '1 t', 'what its owner sets is as it was');

set session authorization plinth_operator;
select throws_ok($$ select pg_temp.sum_up('x') $$, 'VL003', 'until is required: the last message that the summary covers',
          'until when');
select throws_ok($$ select pg_temp.sum_up('x', 'ca021') $$, 'NF001', 'There is no such message in this conversation',
                 'a message of another conversation');
select throws_ok($$ select pg_temp.sum_up('x', 'ca099') $$, 'NF001', 'There is no such message in this conversation', 'none');
select throws_ok($$ select pg_temp.sum_up(repeat('x', 100001), 'ca011') $$, 'VL001',
                 'summary must have at most 100,000 characters', 'a long one');
select lives_ok($$ select pg_temp.sum_up(repeat('x', 100000), 'ca011') $$, 'the longest');
select throws_ok($$ select pg_temp.sum_up('x', 'ca011', null, 'ca030') $$, 'NF001', 'There is no such conversation',
          'a deleted one');
select throws_ok($$ select pg_temp.sum_up('x', 'ca011', null, 'ca040') $$, 'NF001', 'There is no such conversation',
          'another user''s');
select throws_ok($$ select pg_temp.sum_up('x', 'ca011', null, 'ca099') $$, 'NF001', 'There is no such conversation', 'none');
reset session authorization;

set session authorization plinth_reader;
select throws_ok($$ select api.set_conversation_summary(null, null, null) $$, '42501', null, 'a reader may not');
reset session authorization;
select is(pg_temp.elsewhere(), e.conversations, 'her other conversations are as they were') from elsewhere e;

select * from finish();
rollback;
