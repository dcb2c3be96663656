-- api.delete_embeddings: removes embeddings of the caller, and says how many.
begin;
select plan(33);

select is(pg_get_function_arguments('api.delete_embeddings'::regproc),
  'p_user_id uuid, p_model text DEFAULT NULL::text, p_ids uuid[] DEFAULT NULL::uuid[], p_collection text DEFAULT NULL::text, '
  'p_kind text DEFAULT NULL::text, p_message_id uuid DEFAULT NULL::uuid, p_memory_id uuid DEFAULT NULL::uuid, '
  'p_conversation_id uuid DEFAULT NULL::uuid, p_metadata jsonb DEFAULT NULL::jsonb, p_all boolean DEFAULT false',
    'arguments');
select is(pg_get_function_result('api.delete_embeddings'::regproc),
          'TABLE(deleted bigint, of_messages bigint, of_memories bigint, of_texts bigint, more boolean)', 'result');
select is(p.provolatile::text || p.prosecdef || p.proowner::regrole, 'vtrueplinth_system', 'volatile, definer, owner')
  from pg_proc p where p.oid = 'api.delete_embeddings'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.delete_embeddings'::regproc;

\set anna 019e0000-0000-7000-8000-0000000e0401
\set ben 019e0000-0000-7000-8000-0000000e0402
insert into auth.users (id, username, email) values
  (:'anna', 'tap_rmemb_anna', 'tap_rmemb_anna@example.org'), (:'ben', 'tap_rmemb_ben', 'tap_rmemb_ben@example.org');
insert into memory.semantic_memories (user_id, id, content) values (:'anna', '019e0000-0000-7000-8000-0000000e0431',
  'a memory');
insert into memory.embeddings (user_id, id, model_id, memory_id, collection, content, metadata, embedding)
select t.user_id::uuid, ('019e0000-0000-7000-8000-0000000e04' || t.id)::uuid, m.id, t.memory_id::uuid, t.collection,
  t.id,
       t.metadata::jsonb, '[1,2,3]'
  from (values
    (:'anna', 'a1', 'test-3',    null, '', '{"a": 1}'), (:'anna', 'a2', 'test-3', null, 'notes', '{"a": 2}'),
    (:'anna', 'a3', 'test-3-l2', null, 'notes', '{}'),
    (:'anna', 'a4', 'test-3',    '019e0000-0000-7000-8000-0000000e0431', '', '{}'),
    (:'anna', 'a5', 'test-3',    null, '', '{}'), (:'anna', 'a6', 'test-3', null, '', '{}'),
    (:'ben',  'b1', 'test-3',    null, 'notes', '{"a": 1}')) as t (user_id, id, model, memory_id, collection, metadata)
  join memory.embedding_models m on m.name = t.model;

-- What goes by each filter; it is undone.
\set carl 019e0000-0000-7000-8000-0000000e0403
insert into auth.users (id, username, email) values (:'carl', 'tap_rmemb_carl', 'tap_rmemb_carl@example.org');
insert into chat.conversations (user_id, id)
select :'carl', ('019e0000-0000-7000-8000-0000000e045' || n)::uuid from generate_series(1, 2) n;
insert into chat.messages (user_id, id, conversation_id, role, content)
select :'carl', ('019e0000-0000-7000-8000-0000000e046' || n)::uuid, ('019e0000-0000-7000-8000-0000000e045' || n)::uuid, 'user', 'x'
  from generate_series(1, 2) n;
insert into memory.semantic_memories (user_id, id, conversation_id, content) values
  (:'carl', '019e0000-0000-7000-8000-0000000e0471', null, 'x'),
  (:'carl', '019e0000-0000-7000-8000-0000000e0472', '019e0000-0000-7000-8000-0000000e0452', 'x');
insert into memory.embeddings (user_id, model_id, message_id, memory_id, conversation_id, collection, content, metadata, embedding)
select :'carl', m.id, ('019e0000-0000-7000-8000-0000000e04' || t.message)::uuid,
       ('019e0000-0000-7000-8000-0000000e04' || t.memory)::uuid, ('019e0000-0000-7000-8000-0000000e04' || t.conversation)::uuid,
       t.collection, t.content, t.metadata::jsonb, '[1,2,3]'
  from (values
    ('1st message', 'test-3',    '61', null, '51', '',      '{"a": 1}'),
    ('2nd message', 'test-3',    '62', null, '52', '',      '{}'),
    ('1st memory',  'test-3',    null, '71', null, '',      '{}'),
    ('2nd memory',  'test-3',    null, '72', '52', '',      '{}'),
    ('1st text',    'test-3',    null, null, null, '',      '{"a": 2}'),
    ('2nd text',    'test-3-l2', null, null, null, 'notes', '{}'))
    as t (content, model, message, memory, conversation, collection, metadata)
  join memory.embedding_models m on m.name = t.model;
create function pg_temp.gone(p_filter text) returns text language plpgsql as $$
declare
  v_gone text;
begin
  execute format('select from delete_embeddings(%L, %s)', '019e0000-0000-7000-8000-0000000e0403', p_filter);
  select string_agg(t, ', ') into v_gone
    from unnest('{1st message,2nd message,1st memory,2nd memory,1st text,2nd text}'::text[]) t
   where not exists (select from memory.embeddings e
                      where e.user_id = '019e0000-0000-7000-8000-0000000e0403' and e.content = t);
  raise triggered_action_exception;
exception
  when triggered_action_exception then return v_gone;
end $$;
set session authorization plinth_operator;
select is(pg_temp.gone(f.filter), f.gone, f.filter)
  from (values
    ($$p_model => 'test-3-l2'$$, '2nd text'), ($$p_collection => 'notes'$$, '2nd text'),
    ($$p_kind => 'message'$$, '1st message, 2nd message'), ($$p_kind => 'memory'$$, '1st memory, 2nd memory'),
    ($$p_kind => 'text'$$, '1st text, 2nd text'), ($$p_metadata => '{"a": 2}'$$, '1st text'),
    ($$p_message_id => '019e0000-0000-7000-8000-0000000e0461'$$, '1st message'),
    ($$p_memory_id => '019e0000-0000-7000-8000-0000000e0471'$$, '1st memory'),
    ($$p_conversation_id => '019e0000-0000-7000-8000-0000000e0452'$$, '2nd message, 2nd memory'),
    ($$p_conversation_id => '019e0000-0000-7000-8000-0000000e0452', p_kind => 'message'$$, '2nd message'),
    ($$p_message_id => '019e0000-0000-7000-8000-0000000e0461', p_kind => 'memory'$$, null),
    ('p_all => true', '1st message, 2nd message, 1st memory, 2nd memory, 1st text, 2nd text')) f (filter, gone);
select results_eq($$ select * from delete_embeddings('019e0000-0000-7000-8000-0000000e0403', p_all => true) $$,
  $$ values (6::bigint, 2::bigint, 2::bigint, 2::bigint, false) $$, 'and how many of which kind');
reset session authorization;

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select results_eq($$ select * from delete_embeddings('019e0000-0000-7000-8000-0000000e0401', p_metadata => '{"a": 1}')
  $$,
  $$ values (1::bigint, 0::bigint, 0::bigint, 1::bigint, false) $$, 'by metadata, nobody else''s');
select results_eq($$ select * from delete_embeddings('019e0000-0000-7000-8000-0000000e0401', 'test-3', p_collection =>
  'notes') $$,
  $$ values (1::bigint, 0::bigint, 0::bigint, 1::bigint, false) $$, 'all filters hold together');
select results_eq($$ select d.deleted, d.of_memories from delete_embeddings('019e0000-0000-7000-8000-0000000e0401',
  p_kind => 'memory') d $$,
  $$ values (1::bigint, 1::bigint) $$, 'by kind');
select results_eq($$ select d.deleted from delete_embeddings('019e0000-0000-7000-8000-0000000e0401',
  p_ids => array['019e0000-0000-7000-8000-0000000e04a5', '019e0000-0000-7000-8000-0000000e04b1']::uuid[]) d $$,
  array[1::bigint], 'by ids; another user''s is as if it were not there');
select throws_ok($$ select delete_embeddings('019e0000-0000-7000-8000-0000000e0401') $$, 'VL003',
                 'Name a filter, or say all', 'everything goes only where that is said');
select throws_ok($$ select delete_embeddings('019e0000-0000-7000-8000-0000000e0401', p_metadata => '{}') $$, 'VL001',
                 'metadata must name something; everything contains an empty object', 'not by a filter that is none');
select throws_ok($$ select delete_embeddings('019e0000-0000-7000-8000-0000000e0401', 'test-3', p_all => true) $$, 'VL001',
                 'all excludes filters', 'nor where a filter is named');
select throws_ok($$ select delete_embeddings('019e0000-0000-7000-8000-0000000e0401',
                      p_conversation_id => '019e0000-0000-7000-8000-0000000e0411') $$, 'NF001',
                 'There is no such conversation', 'no such conversation');
reset session authorization;
update base.settings set value = '1' where name = 'embeddings.batch_limit';
set session authorization plinth_web;
select results_eq($$ select d.deleted, d.more from delete_embeddings('019e0000-0000-7000-8000-0000000e0401', p_all =>
  true) d $$,
  $$ values (1::bigint, true) $$, 'so many at a time');
select results_eq($$ select d.deleted from delete_embeddings('019e0000-0000-7000-8000-0000000e0401', p_all => true) d
  $$,
  array[1::bigint], 'and the rest');
select throws_ok($$ select delete_embeddings('019e0000-0000-7000-8000-0000000e0401', 'tap-none') $$, 'NF001',
                 'There is no embedding model tap-none', 'no such model');
select throws_ok($$ select delete_embeddings('019e0000-0000-7000-8000-0000000e0401', p_metadata => '1') $$, 'VL001',
                 'metadata must be an object', 'metadata that are none');
select throws_ok($$ select delete_embeddings('019e0000-0000-7000-8000-0000000e0402', p_all => true) $$, 'NP001', null,
                 'not another user''s');
select set_config('plinth.caller', '', true);
select throws_ok($$ select delete_embeddings('019e0000-0000-7000-8000-0000000e0401', p_all => true) $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
select is((select count(*) from memory.embeddings e where e.user_id = :'ben'), 1::bigint,
  'another user''s row is there');
select is((select sum(c.embeddings) from memory.embedding_counts c where c.user_id = :'anna'), 0::numeric,
  'the counts know');

select * from finish();
rollback;
