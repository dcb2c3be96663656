-- api.list_missing_embeddings: texts that have no vector of a model yet.
begin;
select plan(35);

select is(pg_get_function_arguments('api.list_missing_embeddings'::regproc),
  'p_model text, p_from text DEFAULT NULL::text, p_kind text DEFAULT NULL::text, p_after text DEFAULT NULL::text, '
  'p_limit integer DEFAULT 500', 'arguments');
select is(pg_get_function_result('api.list_missing_embeddings'::regproc),
  'TABLE(user_id uuid, message_id uuid, memory_id uuid, version integer, collection text, content text, metadata jsonb, '
  'cursor text)', 'result');
select is(p.provolatile::text || p.prosecdef || p.proowner::regrole, 'strueplinth_system', 'stable, definer, owner')
  from pg_proc p where p.oid = 'api.list_missing_embeddings'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system}', 'operators only')
  from pg_proc p where p.oid = 'api.list_missing_embeddings'::regproc;

\set anna 019e0000-0000-7000-8000-0000000e0601
\set ben 019e0000-0000-7000-8000-0000000e0602
insert into auth.users (id, username, email) values
  (:'anna', 'tap_missemb_anna', 'tap_missemb_anna@example.org'), (:'ben', 'tap_missemb_ben',
    'tap_missemb_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  (:'anna', '019e0000-0000-7000-8000-0000000e0611', 'active'), (:'anna', '019e0000-0000-7000-8000-0000000e0612',
    'deleted');
insert into chat.messages (user_id, id, conversation_id, role, content) values
  (:'anna', '019e0000-0000-7000-8000-0000000e0621', '019e0000-0000-7000-8000-0000000e0611', 'user', 'tap_miss one'),
  (:'anna', '019e0000-0000-7000-8000-0000000e0622', '019e0000-0000-7000-8000-0000000e0611', 'user', 'tap_miss two'),
  (:'anna', '019e0000-0000-7000-8000-0000000e0623', '019e0000-0000-7000-8000-0000000e0612', 'user', 'tap_miss deleted');
insert into memory.semantic_memories (user_id, id, content, valid_from, expires_at) values
  (:'anna', '019e0000-0000-7000-8000-0000000e0631', 'tap_miss fact', now(), null),
  (:'anna', '019e0000-0000-7000-8000-0000000e0632', 'tap_miss expired', now() - interval '2 h', now() - interval '1 h');

create function pg_temp.missing(variadic p_arguments text[] default '{}') returns text[] language plpgsql as $$
declare
  v_found text[];
begin
  execute format('select array_agg(m.content) from list_missing_embeddings(%s) m where m.content ~ ''^tap_miss''',
                 array_to_string(p_arguments, ', ')) into v_found;
  return v_found;
end $$;

-- Others, which the tests of a single text shall not see.
insert into chat.conversations (user_id, id) values (:'ben', '019e0000-0000-7000-8000-0000000e0613');
insert into memory.semantic_memories (user_id, id, conversation_id, content, valid_from, expires_at) values
  (:'ben', '019e0000-0000-7000-8000-0000000e0641', '019e0000-0000-7000-8000-0000000e0613', 'of a story', now(), null),
  (:'anna', '019e0000-0000-7000-8000-0000000e0642', '019e0000-0000-7000-8000-0000000e0612', 'of a deleted one', now(), null),
  (:'anna', '019e0000-0000-7000-8000-0000000e0643', null, 'brief', now() - interval '2 h', now() + interval '1 h'),
  (:'anna', '019e0000-0000-7000-8000-0000000e0644', null, 'without', now(), null);

set session authorization plinth_operator;
select is(pg_temp.missing('''test-3''', 'p_kind => ''message''', 'p_limit => 100000'), '{tap_miss one,tap_miss two}',
          'messages without a vector; none of deleted conversations');
select is(pg_temp.missing('''test-3''', 'p_kind => ''memory''', 'p_limit => 100000'), '{tap_miss fact}',
          'memories without a vector; not what expired');
select is(pg_temp.missing('''test-3''', 'p_kind => ''message''', 'p_limit => 100000', format('p_after => %L', m.cursor)),
          '{tap_miss two}', 'page by page')
  from list_missing_embeddings('test-3', p_kind => 'message', p_limit => 100000) m where m.content = 'tap_miss one';
select is(pg_temp.missing('''test-3''', 'p_kind => ''memory''', 'p_limit => 100000', format('p_after => %L', m.cursor)),
          null, 'of memories, too')
  from list_missing_embeddings('test-3', p_kind => 'memory', p_limit => 100000) m where m.content = 'tap_miss fact';
select is(u.outcome, 'made', 'a message gets its vector')
  from upsert_embedding(:'anna', 'tap_miss one', '[1,2,3]', 'test-3', p_message_id =>
    '019e0000-0000-7000-8000-0000000e0621') u;
select is(u.outcome, 'made', 'a memory gets its vector')
  from upsert_embedding(:'anna', 'tap_miss fact', '[1,2,3]', 'test-3', p_memory_id =>
    '019e0000-0000-7000-8000-0000000e0631') u;
select is(u.outcome, 'made', 'and a text')
  from upsert_embedding(:'ben', 'tap_miss text', '[1,2,3]', 'test-3', 'notes', p_metadata => '{"a": 1}') u;
select is(pg_temp.missing('''test-3''', 'p_kind => ''message''', 'p_limit => 100000'), '{tap_miss two}',
  'and is missing no more');
select is(pg_temp.missing('''test-3''', 'p_kind => ''memory''', 'p_limit => 100000'), null, 'nor is the memory');
select is(pg_temp.missing('''test-3-l2''', 'p_kind => ''message''', 'p_limit => 100000'), '{tap_miss one,tap_miss two}',
          'of another model they are');
select is(pg_temp.missing('''test-3-l2''', 'p_kind => ''memory''', 'p_limit => 100000'), '{tap_miss fact}', 'memories as well');
select is(array(select m.content from list_missing_embeddings('test-3', p_kind => 'memory', p_limit => 100000) m
                 where m.user_id in (:'anna', :'ben') order by 1), '{brief,"of a story",without}', 'others still are');

select results_eq(
  $$ select m.user_id, m.content, m.collection, m.metadata, m.version, m.message_id
       from list_missing_embeddings('test-3-l2', 'test-3', p_limit => 100000) m where m.content ~ '^tap_miss' $$,
  $$ values ('019e0000-0000-7000-8000-0000000e0601'::uuid, 'tap_miss one', '', '{}'::jsonb, 1,
             '019e0000-0000-7000-8000-0000000e0621'::uuid),
            ('019e0000-0000-7000-8000-0000000e0601', 'tap_miss fact', '', '{}', 1, null),
            ('019e0000-0000-7000-8000-0000000e0602', 'tap_miss text', 'notes', '{"a": 1}', null, null) $$,
  'what one model has and another lacks, by user, with all that is needed to put it there');
-- None of these is one of them: another's, of no message, of another collection, another text.
select is(u.outcome, 'made', 'what is like it')
  from (values (:'ben'::uuid, 'tap_miss one', ''), (:'anna', 'tap_miss one', ''), (:'ben', 'tap_miss text', ''),
               (:'anna', 'tap_miss text', 'notes'), (:'ben', 'tap_miss other', 'notes')) as t (user_id, content, collection)
 cross join lateral upsert_embedding(t.user_id, t.content, '[1,2,3]', 'test-3-l2', t.collection) u;
select is(pg_temp.missing('''test-3-l2''', '''test-3''', 'p_limit => 100000'), '{tap_miss one,tap_miss fact,tap_miss text}',
          'is not it');
select is(pg_temp.missing('''test-4-half''', '''test-3''', 'p_limit => 100000'), '{tap_miss one,tap_miss fact,tap_miss text}',
          'nor is it one of the texts of the first model');
select results_eq(
  $$ select m.content from list_missing_embeddings('test-3-l2', 'test-3', p_after => (
       select f.cursor from list_missing_embeddings('test-3-l2', 'test-3', p_limit => 100000) f where f.content =
         'tap_miss fact'))
       m where m.content ~ '^tap_miss' $$, array['tap_miss text'], 'page by page');
select results_eq(
  $$ select m.content from list_missing_embeddings('test-3-l2', 'test-3', p_after => (
       select f.cursor from list_missing_embeddings('test-3-l2', 'test-3', p_limit => 100000) f where f.content =
         'tap_miss one'))
       m where m.content ~ '^tap_miss' $$, array['tap_miss fact', 'tap_miss text'], 'also within one user');
select ok(u.made = 1, 'one of them is put there')
  from upsert_embeddings(:'anna', array['tap_miss one'], array['[1,2,3]']::ext.vector[], 'test-3-l2',
                         p_message_ids => array['019e0000-0000-7000-8000-0000000e0621']::uuid[], p_versions =>
                           array[1]) u;
select is(pg_temp.missing('''test-3-l2''', '''test-3''', 'p_limit => 100000'), '{tap_miss fact,tap_miss text}',
  'and is missing no more');

-- What ends after it got its vector.
select is(u.outcome, 'made', 'a memory that will expire')
  from upsert_embedding(:'anna', 'brief', '[1,2,3]', 'test-3', p_memory_id => '019e0000-0000-7000-8000-0000000e0643') u;
reset session authorization;
update memory.semantic_memories m set expires_at = now() - interval '1 h' where m.id = '019e0000-0000-7000-8000-0000000e0643';
update chat.conversations c set status = 'deleted' where c.id = '019e0000-0000-7000-8000-0000000e0611';
insert into memory.embeddings (user_id, model_id, message_id, conversation_id, content, embedding)
select :'anna', m.id, '019e0000-0000-7000-8000-0000000e0622', '019e0000-0000-7000-8000-0000000e0611', 'tap_miss two', '[1,2,3]'
  from memory.embedding_models m where m.name = 'test-3';
set session authorization plinth_operator;
select is(array(select m.content from list_missing_embeddings('test-3-l2', 'test-3', p_limit => 100000) m
                 where m.user_id in (:'anna', :'ben') order by 1), '{"tap_miss fact","tap_miss text"}',
          'is missing nowhere: an expired memory, a message of a deleted conversation');

select throws_ok($$ select list_missing_embeddings('tap-none', 'test-3') $$, 'NF001',
  'There is no embedding model tap-none', 'no such model');
select throws_ok($$ select list_missing_embeddings('test-3') $$, 'VL003',
  'Name a model to take the texts of, or message or memory as kind', 'neither');
select throws_ok($$ select list_missing_embeddings('test-3', p_kind => 'text') $$, 'VL001',
  'kind must be message or memory', 'no such kind');
select throws_ok($$ select list_missing_embeddings('test-3', p_kind => 'memory', p_after => 'x') $$, 'VL001',
  'after must be the "cursor" of an earlier row', 'no such place');
reset session authorization;

select set_config('plinth.caller', :'anna', true);
select throws_ok($$ select list_missing_embeddings('test-3', 'test-3-l2') $$, 'NP001',
  'This needs the permission embeddings:manage',
                 'not without the permission');

select * from finish();
rollback;
