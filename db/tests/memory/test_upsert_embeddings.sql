-- api.upsert_embeddings: keeps the vectors of many texts at once.
begin;
select plan(26);

select is(core.embedding_field('content', 2, true), 'contents[1]', 'a field in an error: of one of many');
select is(core.embedding_field('collection', 2, true), 'collection', 'the collection is that of all');

select is(pg_get_function_arguments('api.upsert_embeddings'::regproc),
  'p_user_id uuid, p_contents text[], p_embeddings ext.vector[], p_model text DEFAULT NULL::text, '
  'p_collection text DEFAULT ''''::text, p_message_ids uuid[] DEFAULT NULL::uuid[], p_memory_ids uuid[] DEFAULT NULL::uuid[], '
  'p_metadata jsonb[] DEFAULT NULL::jsonb[], p_versions integer[] DEFAULT NULL::integer[], p_replace boolean DEFAULT false',
  'arguments');
select is(pg_get_function_result('api.upsert_embeddings'::regproc),
          'TABLE(made bigint, replaced bigint, kept bigint, ids uuid[])', 'result');
select is(p.provolatile::text || p.prosecdef || p.proowner::regrole, 'vtrueplinth_owner', 'volatile, definer, owner')
  from pg_proc p where p.oid = 'api.upsert_embeddings'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.upsert_embeddings'::regproc;

\set anna 019e0000-0000-7000-8000-0000000e0201
insert into auth.users (id, username, email) values (:'anna', 'tap_upembs_anna', 'tap_upembs_anna@example.org');
insert into chat.conversations (user_id, id) values (:'anna', '019e0000-0000-7000-8000-0000000e0211');
insert into chat.messages (user_id, id, conversation_id, role, content)
select :'anna', ('019e0000-0000-7000-8000-0000000e022' || n)::uuid, '019e0000-0000-7000-8000-0000000e0211', 'user',
  'message ' || n
  from generate_series(1, 3) n;
insert into memory.semantic_memories (user_id, id, content) values
  (:'anna', '019e0000-0000-7000-8000-0000000e0231', 'a memory'), (:'anna', '019e0000-0000-7000-8000-0000000e0232', 'another');

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select results_eq(
  $$ select u.made, u.replaced, u.kept, cardinality(u.ids)
       from upsert_embeddings('019e0000-0000-7000-8000-0000000e0201', array['one', 'two', 'two', 'three'],
                              '{"[1,0,0]","[0,1,0]","[0,1,0]","[0,0,1]"}') u $$,
  $$ values (3::bigint, 0::bigint, 1::bigint, 4) $$, 'what comes twice is kept once');
select results_eq(
  $$ select u.made, u.replaced, u.kept
       from upsert_embeddings('019e0000-0000-7000-8000-0000000e0201', array['four', 'one', 'two', 'three'],
                              '{"[1,1,0]","[1,0,0]","[0,1,1]","[0,0,1]"}',
                              p_metadata => array['{}', '{"a": 1}', '{}', '{}']::jsonb[], p_replace => true) u $$,
  $$ values (1::bigint, 2::bigint, 1::bigint) $$, 'sent again: what is new, what differs, what is the same');
select is((select array_agg(e.content || e.embedding::text order by e.content collate "C")
             from list_embeddings(:'anna', p_with_embedding => true) e),
          '{"four{1,1,0}","one{1,0,0}","three{0,0,1}","two{0,1,1}"}', 'and this is there');
select ok(e.ids[1] = (select l.id from list_embeddings(:'anna') l where l.content = 'three'),
  'ids in the order of the texts')
  from upsert_embeddings(:'anna', array['three', 'one'], '{"[0,0,1]","[1,0,0]"}') e;
select results_eq(
  $$ select u.made from upsert_embeddings('019e0000-0000-7000-8000-0000000e0201', array['m 1', 'm 2', 'y'],
       '{"[1,0,0]","[0,1,0]","[0,0,1]"}', 'test-3-l2', 'here',
       array['019e0000-0000-7000-8000-0000000e0221', '019e0000-0000-7000-8000-0000000e0222', null]::uuid[],
       array[null, null, '019e0000-0000-7000-8000-0000000e0231']::uuid[], p_versions => array[1, 1, 1]) u $$,
  array[3::bigint], 'of messages and memories together');
select lives_ok($$ select upsert_embeddings('019e0000-0000-7000-8000-0000000e0201', array['m 1', 'y'], '{"[1,0,0]","[0,0,1]"}',
  'test-3-l2', 'here', array['019e0000-0000-7000-8000-0000000e0221', null]::uuid[],
  array[null, '019e0000-0000-7000-8000-0000000e0231']::uuid[]) $$, 'without versions');
reset session authorization;
select is(array(select m.content from chat.messages m where m.user_id = :'anna' and m.xmax <> 0 order by 1),
          '{"message 1","message 2"}', 'only messages that are named are locked');
select is(array(select m.content from memory.semantic_memories m where m.user_id = :'anna' and m.xmax <> 0),
          '{"a memory"}', 'and only those memories');
set session authorization plinth_web;

select throws_ok($$ select upsert_embeddings('019e0000-0000-7000-8000-0000000e0201', array['a', 'b'],
  '{"[1,0,0]","[1,0]"}') $$,
  'VL001', 'embeddings[1] must have 3 numbers, as test-3 makes them, not 2', 'the one that breaks a rule is named');
select throws_ok($$ select upsert_embeddings('019e0000-0000-7000-8000-0000000e0201', array['a', null],
  '{"[1,0,0]","[1,0,1]"}') $$,
  'VL003', 'The text is missing', 'a text that is missing');
select throws_ok($$ select upsert_embeddings('019e0000-0000-7000-8000-0000000e0201', array['a', 'b'], '{"[1,0,0]"}') $$,
  'VL001', 'embeddings must be as many as contents, 2', 'lists of different lengths');
select throws_ok($$ select upsert_embeddings('019e0000-0000-7000-8000-0000000e0201', '{}', '{}') $$,
  'VL001', 'contents must be 1 to 1000 texts', 'nothing');
select throws_ok($$ select upsert_embeddings('019e0000-0000-7000-8000-0000000e0201',
  array_fill('a'::text, array[1001]), '{"[1,0,0]"}') $$,
  'VL001', 'contents must be 1 to 1000 texts', 'too many');
select throws_ok($$ select upsert_embeddings('019e0000-0000-7000-8000-0000000e0201', array['a'], null) $$,
  'VL003', 'Texts and their vectors are needed', 'no vectors');
select throws_ok($$ select upsert_embeddings('019e0000-0000-7000-8000-0000000e0201', array['a', 'b'],
  '{"[1,0,0]","[1,1,0]"}',
  p_message_ids => array['019e0000-0000-7000-8000-0000000e0221', '019e0000-0000-7000-8000-0000000e02ff']::uuid[]) $$,
  'NF001', 'There is no such message', 'a message that is none');
select throws_ok($$ select upsert_embeddings('019e0000-0000-7000-8000-0000000e0201', array['a'], '{"[1,0,0]"}',
  p_message_ids => array['019e0000-0000-7000-8000-0000000e0221']::uuid[], p_versions => array[2]) $$,
  'KC002', 'The text was changed meanwhile: its version is 1', 'a text that is no more');
reset session authorization;
select is((select count(*) from memory.embeddings e where e.user_id = :'anna'), 7::bigint,
  'what was refused left nothing');

-- A deletion that ends between the two statements, which see different moments.
create function pg_temp.tg__forget() returns trigger language plpgsql as $$
begin
  delete from memory.embeddings e where e.content = 'one';
  return null;
end $$;
create trigger tap_forget after insert on memory.embeddings for each statement execute function pg_temp.tg__forget();
set session authorization plinth_web;
select throws_ok($$ select upsert_embeddings('019e0000-0000-7000-8000-0000000e0201', array['one', 'five'],
  '{"[1,0,0]","[1,1,1]"}') $$,
  '40001', 'An embedding was removed meanwhile', 'one that vanishes meanwhile: once more');
reset session authorization;
drop trigger tap_forget on memory.embeddings;

update memory.embedding_models set state = 'retired' where name = 'test-3-l2';
set session authorization plinth_web;
select throws_ok($$ select upsert_embeddings('019e0000-0000-7000-8000-0000000e0201', array['a'], '{"[1,0,0]"}',
  'test-3-l2') $$,
  'KC004', null, 'a retired model');
select set_config('plinth.caller', '', true);
select throws_ok($$ select upsert_embeddings('019e0000-0000-7000-8000-0000000e0201', array['a'], '{"[1,0,0]"}') $$,
  'UN001', 'Nobody is signed in', 'nobody is signed in');
reset session authorization;

select * from finish();
rollback;
