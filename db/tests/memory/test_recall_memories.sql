-- api.recall_memories: the score and its parts, what counts where and when, k rows, and what is counted.
begin;
select plan(68);

-- First of all, and waiting as long as it takes: two files that hold some tables already would wait for each other.
update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
lock table auth.users, chat.messages, memory.semantic_memories in share row exclusive mode;
select lives_ok($$ select api.create_embedding_model('tap_recall_memories', 2, p_default => true) $$, 'a model');

select is(pg_get_function_arguments('api.recall_memories'::regproc),
  'p_user_id uuid, p_query text DEFAULT NULL::text, p_embedding ext.vector DEFAULT NULL::ext.vector, '
  'p_model text DEFAULT NULL::text, p_conversation_id uuid DEFAULT NULL::uuid, p_kind text DEFAULT NULL::text, '
  'p_metadata jsonb DEFAULT NULL::jsonb, '
  'p_as_of timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_similarity_weight double precision DEFAULT 1, p_recency_weight double precision DEFAULT 0.25, '
  'p_importance_weight double precision DEFAULT 0.25, '
  'p_half_life_days double precision DEFAULT NULL::double precision, p_count boolean DEFAULT true, '
  'p_limit integer DEFAULT 50', 'arguments');
select is(pg_get_function_result('api.recall_memories'::regproc),
  'TABLE(id uuid, conversation_id uuid, kind text, content text, metadata jsonb, score double precision, '
  'similarity double precision, vector_similarity double precision, text_similarity double precision, '
  'recency double precision, importance double precision, valid_from timestamp with time zone, '
  'valid_to timestamp with time zone, way text, cursor text)', 'result');
select is(p.provolatile::text, 'v', 'volatile') from pg_proc p where p.oid = 'api.recall_memories'::regproc;
select is(p.prosecdef, true, 'definer') from pg_proc p where p.oid = 'api.recall_memories'::regproc;
select is(p.proowner::regrole::text, 'plinth_system', 'owner') from pg_proc p
 where p.oid = 'api.recall_memories'::regproc;
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp",plan_cache_mode=force_custom_plan,enable_sort=off}', 'settings')
  from pg_proc p
 where p.oid = 'api.recall_memories'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_system,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.recall_memories'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001b201', 'tap_recall_memories_anna', 'tap_recall_memories_anna@example.org'),
  ('019e0000-0000-7000-8000-00000001b202', 'tap_recall_memories_ben', 'tap_recall_memories_ben@example.org');
\set anna 019e0000-0000-7000-8000-00000001b201
insert into chat.conversations (user_id, id, status) values
  (:'anna', '019e0000-0000-7000-8000-00000001b211', 'active'),
  (:'anna', '019e0000-0000-7000-8000-00000001b212', 'deleted'),
  ('019e0000-0000-7000-8000-00000001b202', '019e0000-0000-7000-8000-00000001b213', 'active');
insert into memory.semantic_memories
  (user_id, id, content, kind, importance, metadata, conversation_id, valid_from, valid_to, expires_at)
select ('019e0000-0000-7000-8000-00000001' || m.who)::uuid, ('019e0000-0000-7000-8000-00000001' || m.id)::uuid, m.content,
       m.kind, m.importance, m.metadata::jsonb, ('019e0000-0000-7000-8000-00000001' || m.conversation)::uuid,
       now() - m.age, now() - m.ended, now() - m.expired
  from (values
    ('b201', 'b221', 'Feeds two cats',          'fact',       0.5, '{"topic": "home"}', null,   interval '30 days', null, null),
    ('b201', 'b222', 'Is allergic to peanuts',  'fact',       1.0, '{"topic": "food"}', null,   '0 days', null, null),
    ('b201', 'b223', 'Likes cats and dogs',     'preference', 0.0, '{"topic": "home"}', null,   '60 days', null, null),
    ('b201', 'b224', 'Fed three cats',          'fact',       1.0, '{"topic": "home"}', null,   '90 days', '30 days'::interval,
     null),
    ('b201', 'b225', 'Cats that are gone',      'fact',       1.0, '{"topic": "home"}', null,   '1 day', null, interval '1 s'),
    ('b201', 'b226', 'Cats of this story',      'fact',       0.5, '{"topic": "home"}', 'b211', '0 days', null, null),
    ('b201', 'b227', 'Cats of a deleted story', 'fact',       1.0, '{"topic": "home"}', 'b212', '0 days', null, null),
    ('b201', 'b228', 'Cats to come',            'fact',       1.0, '{"topic": "home"}', null,   '-1 day', null, null),
    ('b202', 'b229', 'Cats of Ben',             'fact',       1.0, '{"topic": "home"}', null,   '0 days', null, null))
    as m (who, id, content, kind, importance, metadata, conversation, age, ended, expired);
select lives_ok($$ select api.upsert_embeddings('019e0000-0000-7000-8000-00000001b201', '{Feeds two cats,Is allergic to peanuts}',
  array['[1,0]', '[3,4]']::ext.vector[], p_memory_ids => array['019e0000-0000-7000-8000-00000001b221',
                                                               '019e0000-0000-7000-8000-00000001b222']::uuid[]) $$, 'two vectors');

create function pg_temp.recalled(p_choice jsonb) returns text[] language sql volatile as $$
  select array_agg(right(r.id::text, 4) || ' ' || round(r.score::numeric, 3) order by r.n)
    from (select m.*, row_number() over () as n
            from jsonb_to_record(p_choice) as c (query text, embedding ext.vector, model text, conversation_id uuid, kind text,
                   metadata jsonb, as_of timestamptz, ws double precision, wr double precision, wi double precision,
                   half_life double precision, count boolean, "limit" integer)
           cross join lateral api.recall_memories('019e0000-0000-7000-8000-00000001b201', c.query, c.embedding, c.model,
                   c.conversation_id, c.kind, c.metadata, c.as_of, coalesce(c.ws, 1), coalesce(c.wr, 0.25),
                   coalesce(c.wi, 0.25), c.half_life, coalesce(c.count, false), coalesce(c."limit", 10)) m) r
$$;

create function pg_temp.field_of(p_choice jsonb) returns text language plpgsql as $$
declare
  v_field text;
begin
  perform pg_temp.recalled(p_choice);
  return null;
exception when others then
  get stacked diagnostics v_field = column_name;
  return v_field;
end
$$;

set session authorization plinth_operator;
-- similarity 1, recency 1/2, importance 1/2, so (1 + 0.125 + 0.125) / 1.5; and so on.
select results_eq(
  $$ select right(m.id::text, 4), m.score, m.similarity, m.vector_similarity, m.text_similarity, m.recency, m.importance, m.way
       from api.recall_memories('019e0000-0000-7000-8000-00000001b201', 'two cats') m $$,
  $$ values ('b221', 1.25::double precision / 1.5, 1::double precision, null::double precision, 1::double precision,
             0.5::double precision, 0.5::double precision, 'all'),
            ('b223', 0.5625::double precision / 1.5, 0.5, null, 0.5, 0.25, 0.0, 'all'),
            ('b222', 0.5::double precision / 1.5, 0.0, null, 0.0, 1.0, 1.0, 'all') $$,
  'by words: which share of them a memory has; and as many rows as there are');
select results_eq(
  $$ select right(m.id::text, 4), round(m.similarity::numeric, 6), round(m.vector_similarity::numeric, 6), m.text_similarity
       from api.recall_memories('019e0000-0000-7000-8000-00000001b201', p_embedding => '[1,0]') m $$,
  $$ values ('b221', 1.0, 1.0, null::double precision), ('b222', 0.6, 0.6, null), ('b223', 0.0, null, null) $$,
  'by a vector: the cosine; what has no vector is not similar, and is there');
select results_eq(
  $$ select right(m.id::text, 4), round(m.similarity::numeric, 6), round(m.vector_similarity::numeric, 6), m.text_similarity
       from api.recall_memories('019e0000-0000-7000-8000-00000001b201', 'dogs and peanuts', '[-1,0]',
                                'tap_recall_memories') m $$,
  $$ values ('b222', 0.5, 0.0, 0.5::double precision), ('b223', 0.5, null, 0.5), ('b221', 0.0, 0.0, 0.0) $$,
  'by both: the better of the two');

select is(pg_temp.recalled('{"query": "cats", "ws": 1, "wr": 0, "wi": 0}'), '{"b223 1.000","b221 1.000","b222 0.000"}',
          'similarity alone; of equals the newer');
select is(pg_temp.recalled('{"query": "cats", "ws": 0, "wr": 1, "wi": 0}'), '{"b222 1.000","b221 0.500","b223 0.250"}',
          'recency alone');
select is(pg_temp.recalled('{"query": "cats", "ws": 0, "wr": 0, "wi": 1}'), '{"b222 1.000","b221 0.500","b223 0.000"}',
          'importance alone');
select is(pg_temp.recalled('{"query": "cats", "ws": 0, "wr": 1, "wi": 0, "half_life": 60}'),
          '{"b222 1.000","b221 0.707","b223 0.500"}', 'another half-life');
select is(pg_temp.recalled('{"query": "cats", "ws": 2, "wr": 1, "wi": 1}'), '{"b221 0.750","b223 0.563","b222 0.500"}',
          'weights are shares');

select is(pg_temp.recalled('{"query": "cats", "conversation_id": "019e0000-0000-7000-8000-00000001b211"}'),
          '{"b226 0.917","b221 0.833","b223 0.708","b222 0.333"}', 'in a conversation also what counts there');
select is(pg_temp.recalled('{"query": "cats", "kind": "preference"}'), '{"b223 0.708"}', 'of a kind');
select is(pg_temp.recalled('{"query": "cats", "kind": "fact", "conversation_id": "019e0000-0000-7000-8000-00000001b211"}'),
          '{"b226 0.917","b221 0.833","b222 0.333"}', 'in a conversation, too');
select throws_ok($$ select pg_temp.recalled('{"embedding": "[0,0]"}') $$, 'VL001',
                 'embedding must not be all zeros: it has no direction', 'a vector without direction');
select lives_ok($$ select api.upsert_embedding('019e0000-0000-7000-8000-00000001b201', 'Feeds two cats', '[0,1,0,0]', 'test-4-half',
                     p_memory_id => '019e0000-0000-7000-8000-00000001b221') $$, 'a vector of two bytes a number');
select is((select m.vector_similarity from api.recall_memories('019e0000-0000-7000-8000-00000001b201', p_embedding => '[0,2,0,0]',
                                                               p_model => 'test-4-half', p_limit => 1) m),
          1::double precision, 'is compared as well');
select is(pg_temp.recalled('{"query": "cats", "metadata": {"topic": "home"}}'), '{"b221 0.833","b223 0.708"}',
          'whose metadata say so');
select is(pg_temp.recalled(jsonb_build_object('query', 'cats', 'as_of', now() - interval '60 days')),
          '{"b224 0.917","b223 0.833"}', 'what was true then, as recent as it was then');
select is(pg_temp.recalled('{"query": "cats", "limit": 1}'), '{"b221 0.833"}', 'as many as asked for');
select is(pg_temp.recalled('{"query": "the of"}'), '{"b222 0.333","b221 0.167","b223 0.042"}', 'words that say nothing');
select is(pg_temp.recalled('{"query": ""}'), '{"b222 0.333","b221 0.167","b223 0.042"}', 'none');
select results_eq($$ select right(m.id::text, 4) from api.recall_memories('019e0000-0000-7000-8000-00000001b202', 'cats') m $$,
                  $$ values ('b229') $$, 'another user has his own');

-- What is counted.
reset session authorization;
delete from memory.recalls;
set session authorization plinth_operator;
select is(cardinality(pg_temp.recalled('{"query": "cats", "count": true, "limit": 2}')), 2, 'two are shown');
select is(pg_temp.recalled('{"query": "cats", "kind": "none", "count": true}'), null, 'none');
select is(cardinality(pg_temp.recalled('{"query": "cats", "count": false}')), 3, 'without a trace');
create function pg_temp.only_reads() returns bigint language plpgsql as $$
declare
  v_count bigint;
begin
  perform set_config('transaction_read_only', 'on', true);
  select count(*) into v_count from api.recall_memories('019e0000-0000-7000-8000-00000001b201', 'cats');
  raise triggered_action_exception;
exception
  when triggered_action_exception then return v_count;
end $$;
select is(pg_temp.only_reads(), 3::bigint, 'nor where the transaction only reads');
reset session authorization;
select results_eq('select r.user_id, r.memory_ids from memory.recalls r',
  $$ values (uuid '019e0000-0000-7000-8000-00000001b201', '{019e0000-0000-7000-8000-00000001b221,
             019e0000-0000-7000-8000-00000001b223}'::uuid[]) $$, 'one row for what was shown');
select is(core.fold_recalls(10), 1, 'and later');
select is(array(select m.recall_count from memory.semantic_memories m where m.user_id = :'anna' and m.recall_count > 0),
          '{1,1}', 'the memories know');

-- In a request, which asks for one more than it shows.
insert into auth.sessions (user_id, id, token_hash, refresh_hash, expires_at, refresh_expires_at) values
  (:'anna', '019e0000-0000-7000-8000-00000001b231', sha256('b231'), sha256('b231r'), now() + interval '1 h',
   now() + interval '1 h');
set session authorization plinth_web;
select is(e.user_id, :'anna', 'a request') from http.enter('user', null, sha256('b231'), '') e;
select is((select count(*) from api.recall_memories(:'anna', 'cats', p_limit => 3)), 3::bigint, 'two and one more');
select throws_ok($$ select api.recall_memories('019e0000-0000-7000-8000-00000001b202', 'cats') $$, 'NP001',
                 'A request acts for its own caller only', 'not another user''s');
reset session authorization;
select is((select cardinality(r.memory_ids) from memory.recalls r), 2, 'two count');
select set_config('plinth.caller', '', true), set_config('plinth.context', '', true);

-- Many memories: only candidates are compared, and k rows come all the same.
update base.settings set value = '100' where name = 'memory.compared_limit';
insert into memory.semantic_memories (user_id, content, kind, importance, valid_from)
select :'anna', 'Filler number ' || n, case when n <= 100 then 'counted' else 'fact' end,
       n / 1000.0, now() - n * interval '1 day' from generate_series(1, 500) n;
set session authorization plinth_operator;
select results_eq(
  $$ select right(m.id::text, 4), m.way
       from api.recall_memories('019e0000-0000-7000-8000-00000001b201', 'two cats', '[1,0]', p_limit => 2) m $$,
  $$ values ('b221', 'candidates'), ('b222', 'candidates') $$, 'the best are among the candidates');
select is(pg_temp.recalled('{"query": "cats", "metadata": {"topic": "home"}}'), '{"b221 0.833","b223 0.708"}',
          'what few metadata say is compared one by one');
select is(pg_temp.recalled('{"query": "cats", "metadata": {"topic": "home"}, "kind": "preference"}'),
          '{"b223 0.708"}', 'of a kind');
select is(pg_temp.recalled('{"query": "cats", "metadata": {"topic": "home"},
                             "conversation_id": "019e0000-0000-7000-8000-00000001b211"}'),
          '{"b226 0.917","b221 0.833","b223 0.708"}', 'and in a conversation');
select is(array(select distinct m.way from api.recall_memories('019e0000-0000-7000-8000-00000001b201', 'cats',
                                                               p_kind => 'counted') m), '{all}', 'so many are just compared');
select is((select count(*) from api.recall_memories('019e0000-0000-7000-8000-00000001b201', 'cats', p_limit => null)), 50::bigint,
          '50 where nobody says how many');
select is((select count(*) from api.recall_memories('019e0000-0000-7000-8000-00000001b201', 'nothing like it', p_limit => 150)),
          150::bigint, 'k rows');
select is((select count(*) from api.recall_memories('019e0000-0000-7000-8000-00000001b201', p_embedding => '[0,1]',
                                                         p_limit => 150)), 150::bigint, 'also by a vector that few have');

select throws_ok($$ select pg_temp.recalled('{}') $$, 'VL003', 'Say what to recall: query, embedding, or both',
                 'nothing asked for');
select throws_ok($$ select pg_temp.recalled(jsonb_build_object('query', repeat('x', 10001))) $$, 'VL001',
                 'query must have at most 10,000 characters', 'a query too long');
select throws_ok($$ select pg_temp.recalled('{"query": "x", "limit": 0}') $$, 'VL001', 'limit must be from 1 to 200', 'no rows');
select throws_ok($$ select pg_temp.recalled('{"query": "x", "limit": 202}') $$, 'VL001', 'limit must be from 1 to 200', 'too many');
select throws_ok($$ select pg_temp.recalled('{"query": "x", "as_of": "infinity"}') $$, 'VL001', 'as_of must be a moment',
                 'at no moment');
select throws_ok($$ select pg_temp.recalled('{"query": "x", "half_life": 0}') $$, 'VL001',
                 'half_life_days must be from 0.001 to 36,500', 'no half-life');
select throws_ok($$ select pg_temp.recalled('{"query": "x", "ws": -1}') $$, 'VL001',
                 'weights must be from 0.000001 to 100, or 0, and not all 0', 'a weight below nothing');
select is(pg_temp.field_of('{"query": "x", "wr": -1}'), 'recency_weight', 'it is named: the recency');
select is(pg_temp.field_of('{"query": "x", "wr": 1e-320}'), 'recency_weight', 'also where it is next to nothing');
select is(pg_temp.field_of('{"query": "x", "wi": 101}'), 'importance_weight', 'the importance');
select throws_ok($$ select pg_temp.recalled('{"query": "x", "ws": 0, "wr": 0, "wi": 0}') $$, 'VL001',
                 'weights must be from 0.000001 to 100, or 0, and not all 0', 'no weight at all');
select throws_ok($$ select pg_temp.recalled('{"query": "x", "wr": "NaN"}') $$, 'VL001',
                 'weights must be from 0.000001 to 100, or 0, and not all 0', 'a weight that is no number');
select throws_ok($$ select pg_temp.recalled('{"query": "x", "metadata": [1]}') $$, 'VL001',
                 'metadata must be an object of at most 16 kB', 'metadata that is a list');
select throws_ok($$ select pg_temp.recalled('{"embedding": "[1,2,3]"}') $$, 'VL001',
                 'embedding must have 2 numbers, as tap_recall_memories makes them, not 3', 'a vector of another length');
select throws_ok($$ select pg_temp.recalled('{"embedding": "[1,2]", "model": "tap_none"}') $$, 'NF001',
                 'There is no embedding model tap_none', 'no such model');
select throws_ok($$ select pg_temp.recalled('{"query": "x", "model": "tap_none"}') $$, 'NF001',
                 'There is no embedding model tap_none', 'no such model, though no vector needs it');
select throws_ok($$ select pg_temp.recalled('{"query": "x", "conversation_id": "019e0000-0000-7000-8000-00000001b212"}') $$,
                 'NF001', 'There is no such conversation', 'a deleted conversation');
select throws_ok($$ select pg_temp.recalled('{"query": "x", "conversation_id": "019e0000-0000-7000-8000-00000001b213"}') $$,
                 'NF001', 'There is no such conversation', 'another user''s, in the same words');
reset session authorization;

set session authorization plinth_web;
select throws_ok($$ select api.recall_memories('019e0000-0000-7000-8000-00000001b201', 'x') $$, 'UN001', 'Nobody is signed in',
                 'nobody is signed in');
reset session authorization;
set session authorization plinth_reader;
select throws_ok($$ select api.recall_memories('019e0000-0000-7000-8000-00000001b201', 'x') $$, '42501', null,
                 'a reader may not');
reset session authorization;

select * from finish();
rollback;
