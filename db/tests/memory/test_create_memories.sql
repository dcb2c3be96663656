-- api.create_memories: many at once, all or none, and which of them was wrong.
begin;
select plan(32);

-- First of all, and waiting as long as it takes: two files that hold some tables already would wait for each other.
update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
lock table auth.users, chat.messages, memory.semantic_memories in share row exclusive mode;
select lives_ok($$ select api.create_embedding_model('tap_create_memories', 2) $$, 'a model');

select is(pg_get_function_arguments('api.create_memories'::regproc),
  'p_user_id uuid, p_memories jsonb, p_model text DEFAULT NULL::text', 'arguments');
select is(pg_get_function_result('api.create_memories'::regproc),
  'TABLE(created integer, ids uuid[])', 'result');
select volatility_is('api', 'create_memories', array['uuid', 'jsonb', 'text'], 'volatile');
select is_definer('api', 'create_memories', array['uuid', 'jsonb', 'text']);
select function_owner_is('api', 'create_memories', array['uuid', 'jsonb', 'text'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'api.create_memories'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.create_memories'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001a101', 'tap_create_memories_anna', 'tap_create_memories_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001a102', 'tap_create_memories_ben', 'tap_create_memories_ben@example.org');
\set anna 019e0000-0000-7000-8000-00000001a101
insert into chat.conversations (user_id, id) values
  ('019e0000-0000-7000-8000-00000001a101', '019e0000-0000-7000-8000-00000001a111'),
  ('019e0000-0000-7000-8000-00000001a102', '019e0000-0000-7000-8000-00000001a121');

set session authorization plinth_operator;
create function pg_temp.make(p_memories jsonb) returns table (created integer, ids uuid[]) language sql volatile as $$
  select * from api.create_memories('019e0000-0000-7000-8000-00000001a101', p_memories)
$$;

create temp table made as select * from pg_temp.make(
  '[{"content": "one", "kind": "preference", "importance": 0.25, "metadata": {"a": 1}, "valid_from": "2020-01-01",
     "valid_to": "2021-01-01T00:00:00Z", "expires_at": "2999-01-01", "qdrant_collection": "z", "qdrant_point_id": "9",
     "conversation_id": "019E0000-0000-7000-8000-00000001A111"},
    {"content": "two", "kind": null},
    {"content": "three", "qdrant_collection": "a", "qdrant_point_id": "7"}]');
select is(m.created, 3, 'how many') from made m;
reset session authorization;
select results_eq(
  $$ select m.content, m.kind, m.importance, m.metadata, m.conversation_id, m.valid_from = '2020-01-01', m.valid_to is null,
            m.expires_at is null, m.qdrant_point_id
       from made cross join lateral unnest(made.ids) with ordinality as i (id, n)
       join memory.semantic_memories m on m.id = i.id
      where m.user_id = '019e0000-0000-7000-8000-00000001a101'
      order by i.n $$,
  $$ values
     ('one', 'preference', 0.25::double precision, '{"a": 1}'::jsonb, uuid '019e0000-0000-7000-8000-00000001a111',
      true, false, false, '9'),
     ('two', 'fact', 0.5, '{}', null, false, true, true, null),
     ('three', 'fact', 0.5, '{}', null, false, true, true, '7') $$,
  'all there is to say, and ids in the order of the list');

set session authorization plinth_operator;
select throws_ok($$ select pg_temp.make(null) $$, 'VL001', 'memories must be a list of 1 to 500', 'nothing');
select throws_ok($$ select pg_temp.make('{"content": "x"}') $$, 'VL001', 'memories must be a list of 1 to 500', 'no list');
select throws_ok($$ select pg_temp.make('[]') $$, 'VL001', 'memories must be a list of 1 to 500', 'an empty one');
select throws_ok($$ select pg_temp.make((select jsonb_agg('{"content": "x"}'::jsonb) from generate_series(1, 501))) $$,
                 'VL001', 'memories must be a list of 1 to 500', 'one too many');
select throws_ok($$ select pg_temp.make('[{"content": "x"}, 7]') $$, 'VL001', 'a memory must be an object', 'no object');
select throws_ok($$ select pg_temp.make('[{"content": "x", "colour": "red"}]') $$, 'VL002', 'colour is not a field of a memory',
                 'a field that is none');
select throws_ok($$ select pg_temp.make('[{"content": "x", "user_id": "019e0000-0000-7000-8000-00000001a102"}]') $$,
                 'VL002', 'user_id is not a field of a memory', 'nor can another user be written to');
select throws_ok($$ select pg_temp.make('[{"content": "x"}, {}]') $$, 'VL003', 'content is required', 'no text');
select throws_ok($$ select pg_temp.make('[{"content": "x", "conversation_id": "019e0000-0000-7000-8000-00000001a121"}]') $$,
                 'NF001', 'There is no such conversation', 'another user''s conversation');
select throws_ok($$ select pg_temp.make('[{"content": "x", "qdrant_collection": "q", "qdrant_point_id": "1"},
                                          {"content": "y", "qdrant_collection": "q", "qdrant_point_id": "1"}]') $$,
                 'KC001', 'Another memory refers to this point', 'one point twice in a list');
select is(m.created, 3, 'with vectors, where there are some')
  from api.create_memories('019e0000-0000-7000-8000-00000001a101',
         '[{"content": "near", "embedding": [1, 0.5]}, {"content": "no vector"}, {"content": "far", "embedding": [-1, 0]}]',
         'tap_create_memories') m;
select is(array(select concat_ws(' ', e.content, e.embedding)
                  from api.list_embeddings('019e0000-0000-7000-8000-00000001a101', p_model => 'tap_create_memories',
                                           p_with_embedding => true) e
                 order by 1), '{"far {-1,0}","near {1,0.5}"}', 'each hangs on its memory');
reset session authorization;
update memory.embedding_models m set state = 'retired', is_default = false where m.name = 'tap_create_memories';
set session authorization plinth_operator;
select throws_ok($$ select api.create_memories('019e0000-0000-7000-8000-00000001a101',
                      '[{"content": "x", "embedding": [1, 0.5]}]', 'tap_create_memories') $$, 'KC004',
                 'The model tap_create_memories is retired: nothing is added to it', 'a model that is retired');
reset session authorization;

-- Which of them it was.
create function pg_temp.field_of(p_memories jsonb) returns text language plpgsql as $$
declare
  v_field text;
begin
  perform * from api.create_memories('019e0000-0000-7000-8000-00000001a101', p_memories, 'tap_create_memories');
  return null;
exception when others then
  get stacked diagnostics v_field = column_name;
  return v_field;
end
$$;
set session authorization plinth_operator;
select is(pg_temp.field_of('[{"content": "x"}, {"content": 5}]'), 'memories[1].content', 'the field names its place: a type');
select is(pg_temp.field_of('[{"content": "x"}, {"content": ""}]'), 'memories[1].content', 'a rule');
select is(pg_temp.field_of('[{"content": "x"}, {"content": "y", "conversation_id": "019e0000-0000-7000-8000-00000001a121"}]'),
          'memories[1].conversation_id', 'a conversation');
select is(pg_temp.field_of('[{"content": "x"}, {"content": "y", "qdrant_collection": "z", "qdrant_point_id": "9"}]'),
          'memories[1].qdrant_point_id', 'a point that is taken');
select is(pg_temp.field_of('[{"content": "x"}, {"content": "y", "embedding": [1, 2, 3]}]'), 'memories[1].embedding',
          'a vector of another length');
select is(pg_temp.field_of('[{"content": "x"}, {"content": "y", "embedding": [1, "2"]}]'), 'memories[1].embedding',
          'a vector that is none');
reset session authorization;
select is((select count(*) from memory.semantic_memories m where m.user_id = :'anna'), 6::bigint,
          'one was wrong: none was written');

set session authorization plinth_web;
select throws_ok($$ select api.create_memories('019e0000-0000-7000-8000-00000001a101', '[]') $$, 'UN001', 'Nobody is signed in',
                 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.create_memories('019e0000-0000-7000-8000-00000001a101', '[]') $$, '42501', null, 'a reader may not');
reset session authorization;

select * from finish();
rollback;
