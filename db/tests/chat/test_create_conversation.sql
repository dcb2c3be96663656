-- api.create_conversation: what it makes, what it refuses, and what the same name a second time gives.
begin;
select plan(27);

create function pg_temp.id(p_end text) returns uuid language sql immutable as $$
  select ('019e0000-0000-7000-8000-00000000' || p_end)::uuid
$$;

select is(pg_get_function_arguments('api.create_conversation'::regproc),
  'p_user_id uuid, p_title text DEFAULT NULL::text, p_context jsonb DEFAULT NULL::jsonb, '
  'p_metadata jsonb DEFAULT NULL::jsonb, p_model text DEFAULT NULL::text, p_language text DEFAULT '
  'NULL::text, p_client_id text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.create_conversation'::regproc),
  'SETOF core.conversation_details', 'result');
select is(concat_ws(' ', p.provolatile, p.prosecdef, p.proowner::regrole, p.proconfig),
          'v t plinth_owner {"search_path=pg_catalog, pg_temp"}',
          'volatility, definer, owner, search path')
  from pg_proc p where p.oid = 'api.create_conversation'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.create_conversation'::regproc;

insert into auth.users (id, username, email) values
  (pg_temp.id('d001'), 'tap_create_conv_anna', 'tap_create_conv_anna@example.org'),
  (pg_temp.id('d002'), 'tap_create_conv_ben', 'tap_create_conv_ben@example.org');

set session authorization plinth_operator;
select is(to_jsonb(c) - '{id,created_at,updated_at}'::text[],
  '{"client_id": null, "title": null, "status": "active", "model": null, "language": "english", "context": {},
    "metadata": {}, "summary": null, "summary_until": null, "message_count": 0, "prompt_tokens": 0,
    "completion_tokens": 0, "last_message_id": null, "last_message_at": null, "deleted_at": null, "erase_after": null,
    "version": 1}'::jsonb, 'everything is optional')
  from api.create_conversation(pg_temp.id('d001')) c;
select is(concat_ws(' ', c.title, c.model, c.language, c.context, c.metadata, c.client_id),
          'Trip to Rome gpt-x simple {"city": "Rome"} {"a": 1} trip-1', 'as it was asked for')
  from api.create_conversation(pg_temp.id('d001'), ' Trip to Rome ', '{"city": "Rome"}', '{"a": 1}', 'gpt-x', 'simple',
                               'trip-1') c;
select is(c.version, 1, 'the same name and all else the same: the same conversation')
  from api.create_conversation(pg_temp.id('d001'), ' Trip to Rome ', '{"city": "Rome"}', '{"a": 1}', 'gpt-x', 'simple',
                               'trip-1') c
 where c.client_id = 'trip-1';
select is(count(*), 1::bigint, 'there is one') from chat.conversations c where c.client_id = 'trip-1';
select throws_ok(
  $$ select api.create_conversation(pg_temp.id('d001'), 'Trip to Paris', p_client_id => 'trip-1') $$,
  'KC001', 'The client_id is that of another conversation', 'the same name for something else');
select is(c.title, 'Trip to Paris', 'names are unique per user: another user may have it')
  from api.create_conversation(pg_temp.id('d002'), 'Trip to Paris', p_client_id => 'trip-1') c;
select is((select count(*) from api.create_conversation(pg_temp.id('d001'), '', p_model => ' ') c
            where c.title is null and c.model is null), 1::bigint, 'an empty text is none');
reset session authorization;

select is(array(select l.changed from ops.audit_logs l where l.action = 'insert' and l.user_id = pg_temp.id('d002')
                                                         and l.entity_type = 'chat.conversations')::text ~ 'title', true,
          'the trail says that there is a title');
select is(count(*), 0::bigint, 'and not which')
  from ops.audit_details d where d.user_id = pg_temp.id('d002') and d.difference::text ~ 'Paris';
update chat.conversations c set status = 'deleted' where c.client_id = 'trip-1' and c.user_id = pg_temp.id('d002');

set session authorization plinth_operator;
select throws_ok(
  $$ select api.create_conversation(pg_temp.id('d002'), 'Trip to Paris', p_client_id => 'trip-1') $$,
  'KC004', 'The conversation with this client_id is deleted: restore or erase it', 'a deleted one is not made again');
select throws_ok($$ select api.create_conversation(pg_temp.id('d001'), repeat('x', 501)) $$, 'VL001',
  'title must have at most 500 characters and no control characters', 'a title too long');
select throws_ok($$ select api.create_conversation(pg_temp.id('d001'), E'a\nb') $$, 'VL001',
  'title must have at most 500 characters and no control characters', 'a title of two lines');
select throws_ok($$ select api.create_conversation(pg_temp.id('d001'), p_context => '[]') $$, 'VL001',
  'context must be an object of at most 64 kB', 'a context that is no object');
select throws_ok(
  $$ select api.create_conversation(pg_temp.id('d001'), p_context => jsonb_build_object('a', repeat('x', 65536))) $$,
  'VL001', 'context must be an object of at most 64 kB', 'one too large');
select throws_ok($$ select api.create_conversation(pg_temp.id('d001'), p_metadata => '1') $$, 'VL001',
  'metadata must be an object of at most 16 kB', 'metadata that are no object');
select throws_ok($$ select api.create_conversation(pg_temp.id('d001'), p_model => E'a\nb') $$, 'VL001',
  'model must have at most 200 characters and no control characters', 'a model in two lines');
select throws_ok($$ select api.create_conversation(pg_temp.id('d001'), p_model => repeat('x', 201)) $$, 'VL001',
  'model must have at most 200 characters and no control characters', 'a model too long');
select throws_ok($$ select api.create_conversation(pg_temp.id('d001'), p_language => 'klingon') $$, 'VL001',
  'language must be the name of a text search configuration, such as english or simple', 'a language that is none');
select throws_ok($$ select api.create_conversation(pg_temp.id('d001'), p_client_id => '') $$, 'VL001',
  'client_id must have 1 to 200 characters and no control characters', 'an empty name');
select throws_ok($$ select api.create_conversation(null) $$, 'VL003', 'Name the user to act for', 'no user');

reset session authorization;
set session authorization plinth_web;
select throws_ok($$ select api.create_conversation(pg_temp.id('d001')) $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
set local plinth.caller = '019e0000-0000-7000-8000-00000000d002';
select throws_ok($$ select api.create_conversation(pg_temp.id('d001')) $$,
  'NP001', 'A request acts for its own caller only', 'not another user''s');
reset session authorization;
set local plinth.caller = '';
set session authorization plinth_reader;
select throws_ok($$ select api.create_conversation(pg_temp.id('d001')) $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
