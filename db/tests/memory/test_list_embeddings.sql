-- api.list_embeddings: the caller's embeddings, newest first, page by page.
begin;
select plan(31);

select is(pg_get_function_arguments('api.list_embeddings'::regproc),
  'p_user_id uuid, p_model text DEFAULT NULL::text, p_collection text DEFAULT NULL::text, p_kind text DEFAULT NULL::text, '
  'p_message_id uuid DEFAULT NULL::uuid, p_memory_id uuid DEFAULT NULL::uuid, p_conversation_id uuid DEFAULT NULL::uuid, '
  'p_metadata jsonb DEFAULT NULL::jsonb, p_with_embedding boolean DEFAULT false, p_after text DEFAULT NULL::text, '
  'p_limit integer DEFAULT 50', 'arguments');
select is(p.provolatile::text || p.prosecdef || p.proowner::regrole, 'strueplinth_system', 'stable, definer, owner')
  from pg_proc p where p.oid = 'api.list_embeddings'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.list_embeddings'::regproc;

\set anna 019e0000-0000-7000-8000-0000000e0301
\set ben 019e0000-0000-7000-8000-0000000e0302
insert into auth.users (id, username, email) values
  (:'anna', 'tap_lsemb_anna', 'tap_lsemb_anna@example.org'), (:'ben', 'tap_lsemb_ben', 'tap_lsemb_ben@example.org');
insert into chat.conversations (user_id, id) values
  (:'anna', '019e0000-0000-7000-8000-0000000e0311'), (:'anna', '019e0000-0000-7000-8000-0000000e0313');
insert into chat.messages (user_id, id, conversation_id, role, content) values
  (:'anna', '019e0000-0000-7000-8000-0000000e0321', '019e0000-0000-7000-8000-0000000e0311', 'user', 'a message');
insert into memory.semantic_memories (user_id, id, content) values (:'anna', '019e0000-0000-7000-8000-0000000e0331',
  'a memory');
insert into chat.conversations (user_id, id) values (:'ben', '019e0000-0000-7000-8000-0000000e0312');
insert into chat.messages (user_id, id, conversation_id, role, content) values
  (:'ben', '019e0000-0000-7000-8000-0000000e0322', '019e0000-0000-7000-8000-0000000e0312', 'user', 'not hers'),
  (:'anna', '019e0000-0000-7000-8000-0000000e0323', '019e0000-0000-7000-8000-0000000e0311', 'user', 'another');
insert into memory.semantic_memories (user_id, id, content, expires_at) values
  (:'ben', '019e0000-0000-7000-8000-0000000e0332', 'not hers', null),
  (:'anna', '019e0000-0000-7000-8000-0000000e0333', 'over', now() - interval '1 hour'),
  (:'anna', '019e0000-0000-7000-8000-0000000e0334', 'bare', null);
insert into memory.embeddings (user_id, id, model_id, message_id, memory_id, conversation_id, collection, content,
  metadata, embedding)
select t.user_id::uuid, ('019e0000-0000-7000-8000-0000000e03' || t.id)::uuid, m.id, t.message_id::uuid,
  t.memory_id::uuid,
       t.conversation_id::uuid, t.collection, t.content, t.metadata::jsonb, '[1,2,3]'
  from (values
    (:'anna', 'a1', 'test-3',    null, null, null, '', 'one', '{"a": 1, "b": [1, 2]}'),
    (:'anna', 'a2', 'test-3',    null, null, null, 'notes', 'two', '{"a": 2}'),
    (:'anna', 'a3', 'test-3-l2', null, null, null, 'notes', 'three', '{}'),
    (:'anna', 'a4', 'test-3',    '019e0000-0000-7000-8000-0000000e0321', null, '019e0000-0000-7000-8000-0000000e0311',
      '', 'four', '{}'),
    (:'anna', 'a5', 'test-3',    null, '019e0000-0000-7000-8000-0000000e0331', null, '', 'five', '{}'),
    (:'ben',  'b1', 'test-3',    null, null, null, 'notes', 'of another', '{"a": 1}'))
    as t (user_id, id, model, message_id, memory_id, conversation_id, collection, content, metadata)
  join memory.embedding_models m on m.name = t.model;

create function pg_temp.listed(variadic p_arguments text[] default '{}') returns text[] language plpgsql as $$
declare
  v_found text[];
begin
  execute format('select array_agg(l.content) from list_embeddings(%L%s) l', '019e0000-0000-7000-8000-0000000e0301',
                 (select string_agg(', ' || a, '') from unnest(p_arguments) a)) into v_found;
  return v_found;
end $$;

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select is(pg_temp.listed(), '{five,four,three,two,one}', 'newest first, nobody else''s');
select is(pg_temp.listed('p_model => ''test-3-l2'''), '{three}', 'of one model');
select is(pg_temp.listed('p_collection => ''notes'''), '{three,two}', 'of one collection');
select is(pg_temp.listed('p_kind => ''message'''), '{four}', 'of messages');
select is(pg_temp.listed('p_kind => ''memory'''), '{five}', 'of memories');
select is(pg_temp.listed('p_kind => ''text'''), '{three,two,one}', 'of neither');
select is(pg_temp.listed('p_message_id => ''019e0000-0000-7000-8000-0000000e0321'''), '{four}', 'of a message');
select is(pg_temp.listed('p_memory_id => ''019e0000-0000-7000-8000-0000000e0331'''), '{five}', 'of a memory');
select is(pg_temp.listed('p_conversation_id => ''019e0000-0000-7000-8000-0000000e0311'''), '{four}',
  'of a conversation');
select is(pg_temp.listed('p_metadata => ''{"b": [2]}'''), '{one}', 'by what metadata contain');
select is(pg_temp.listed('p_metadata => ''{"a": 2}''', 'p_collection => ''notes'''), '{two}', 'all filters hold together');
select is(pg_temp.listed('p_limit => 2', 'p_after => ''019e0000-0000-7000-8000-0000000e03a4'''), '{three,two}',
  'page by page');
select results_eq(
  $$ select l.embedding, l.model, l.cursor from list_embeddings('019e0000-0000-7000-8000-0000000e0301',
    p_with_embedding => true,
                                                                p_limit => 1) l $$,
  $$ values ('{1,2,3}'::real[], 'test-3', '019e0000-0000-7000-8000-0000000e03a5') $$,
    'with its vector where it is asked for');
select throws_ok($$ select list_embeddings('019e0000-0000-7000-8000-0000000e0301', 'tap-none') $$, 'NF001',
                 'There is no embedding model tap-none', 'no such model');
select throws_ok($$ select list_embeddings('019e0000-0000-7000-8000-0000000e0301',
                      p_conversation_id => '019e0000-0000-7000-8000-0000000e03ff') $$, 'NF001',
                 'There is no such conversation', 'no such conversation');
select throws_ok(format('select list_embeddings(%L, p_%s_id => %L)', '019e0000-0000-7000-8000-0000000e0301', x.what, x.id),
                 'NF001', 'There is no such ' || x.what, x.why)
  from (values ('message', '019e0000-0000-7000-8000-0000000e0322', 'not another''s message'),
               ('message', '019e0000-0000-7000-8000-0000000e03ff', 'nor one that is not there'),
               ('memory', '019e0000-0000-7000-8000-0000000e0332', 'not another''s memory'),
               ('memory', '019e0000-0000-7000-8000-0000000e0333', 'nor one that ran out'),
               ('memory', '019e0000-0000-7000-8000-0000000e03ff', 'nor one that is not there')) as x (what, id, why);
select is_empty(format('select list_embeddings(%L, p_message_id => %L)', '019e0000-0000-7000-8000-0000000e0301',
                       '019e0000-0000-7000-8000-0000000e0323'), 'a message that has none');
select is_empty(format('select list_embeddings(%L, p_memory_id => %L)', '019e0000-0000-7000-8000-0000000e0301',
                       '019e0000-0000-7000-8000-0000000e0334'), 'a memory that has none');
select throws_ok($$ select list_embeddings('019e0000-0000-7000-8000-0000000e0301', p_kind => 'x') $$, 'VL001',
                 'kind must be message, memory or text', 'no such kind');
select throws_ok($$ select list_embeddings('019e0000-0000-7000-8000-0000000e0301', p_after => 'x') $$, 'VL001',
                 'after must be the "next" of an earlier answer', 'no such place');
select throws_ok($$ select list_embeddings('019e0000-0000-7000-8000-0000000e0302') $$, 'NP001', null,
  'not another user''s');
select set_config('plinth.caller', '', true);
select throws_ok($$ select list_embeddings('019e0000-0000-7000-8000-0000000e0301') $$, 'UN001', 'Nobody is signed in',
                 'nobody is signed in');
reset session authorization;
select set_config('plinth.caller', '019e0000-0000-7000-8000-0000000e0301', true);
update chat.conversations set status = 'deleted' where id = '019e0000-0000-7000-8000-0000000e0311';
select is_empty($$ select from list_embeddings('019e0000-0000-7000-8000-0000000e0301') l
                    where l.message_id is not null $$, 'what hangs on a deleted conversation is not there');
select throws_ok($$ select list_embeddings('019e0000-0000-7000-8000-0000000e0301',
                      p_message_id => '019e0000-0000-7000-8000-0000000e0321') $$, 'NF001', 'There is no such message',
                 'nor is its message');

select * from finish();
rollback;
