-- api.update_conversation: what is named changes, what is not stays.
begin;
select plan(18);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('api.update_conversation'::regproc),
  'p_user_id uuid, p_conversation_id uuid, p_title text DEFAULT NULL::text, p_context jsonb '
  'DEFAULT NULL::jsonb, p_metadata jsonb DEFAULT NULL::jsonb, p_model text DEFAULT NULL::text, '
  'p_language text DEFAULT NULL::text, p_version integer DEFAULT NULL::integer', 'arguments');
select is(pg_get_function_result('api.update_conversation'::regproc),
  'SETOF core.conversation_details', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.update_conversation'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.update_conversation'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('d201'), 'tap_update_conv_anna', 'tap_update_conv_anna@example.org'),
  (pg_temp.id('d202'), 'tap_update_conv_ben', 'tap_update_conv_ben@example.org');
insert into chat.conversations (user_id, id, title, model, context, metadata, status) values
  (pg_temp.id('d201'), pg_temp.id('d211'), 'before', 'm1', '{"a": 1}', '{"b": 1}', 'active'),
  (pg_temp.id('d201'), pg_temp.id('d213'), 'gone', null, '{}', '{}', 'deleted');

select pg_temp.id('d201') as anna \gset
\ir other_conversations.psql

set session authorization plinth_operator;
select is(concat_ws(' ', c.title, c.model, c.language, c.context, c.metadata, c.version),
          'after m1 english {"a": 1} {"b": 1} 2', 'the title changes, all else stays')
  from api.update_conversation(pg_temp.id('d201'), pg_temp.id('d211'), 'after') c;
select is(concat_ws(' ', c.title, c.model, c.language, c.context, c.metadata, c.version),
          'german {"c": 2} {"d": 3} 3', 'empty texts clear, JSON is replaced whole')
  from api.update_conversation(pg_temp.id('d201'), pg_temp.id('d211'), '', '{"c": 2}', '{"d": 3}', '', 'german') c;
select is(c.version, 3, 'what is as it was makes no version')
  from api.update_conversation(pg_temp.id('d201'), pg_temp.id('d211'), p_language => 'german') c;
select is(c.version, 4, 'with the current version')
  from api.update_conversation(pg_temp.id('d201'), pg_temp.id('d211'), 'new', p_version => 3) c;
select throws_ok($$ select api.update_conversation(pg_temp.id('d201'), pg_temp.id('d211'), 'newer', p_version => 3) $$,
  'KC002', 'The version is 4 by now, not 3', 'and with one that is not');
select throws_ok($$ select api.update_conversation(pg_temp.id('d201'), pg_temp.id('d211'), repeat('x', 501)) $$,
  'VL001', 'title must have at most 500 characters and no control characters', 'a title too long');
select throws_ok($$ select api.update_conversation(pg_temp.id('d201'), pg_temp.id('d213'), 'x') $$,
  'NF001', 'There is no such conversation', 'a deleted one is missing');
select throws_ok($$ select api.update_conversation(pg_temp.id('d202'), pg_temp.id('d211'), 'x') $$,
  'NF001', 'There is no such conversation', 'so is another user''s');
reset session authorization;
select is(l.changed, '{title}', 'the trail says what changed')
  from ops.audit_logs l where l.entity_id = pg_temp.id('d211')::text and l.action = 'update' order by l.id desc limit 1;
select is(count(*), 0::bigint, 'and not to what')
  from ops.audit_details d where d.user_id = pg_temp.id('d201') and d.difference::text ~ 'new';

reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select api.update_conversation(pg_temp.id('d201'), pg_temp.id('d211'), 'x') $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
set local plinth.caller = '019e0000-0000-7000-8000-00000000d202';
select throws_ok($$ select api.update_conversation(pg_temp.id('d201'), pg_temp.id('d211'), 'x') $$,
  'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;
set local plinth.caller = '';
set session authorization plinth_reader;
select throws_ok($$ select api.update_conversation(pg_temp.id('d201'), pg_temp.id('d211'), 'x') $$,
  '42501', null, 'a reader may not');
reset session authorization;
select is(pg_temp.elsewhere(), e.conversations, 'her other conversations are as they were') from elsewhere e;

select * from finish();
rollback;
