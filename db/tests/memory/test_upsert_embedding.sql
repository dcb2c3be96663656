-- api.upsert_embedding: keeps the vector of a text, once.
begin;
select plan(48);

select is(pg_get_function_arguments('api.upsert_embedding'::regproc),
  'p_user_id uuid, p_content text, p_embedding ext.vector, p_model text DEFAULT NULL::text, p_collection text DEFAULT ''''::text, '
  'p_message_id uuid DEFAULT NULL::uuid, p_memory_id uuid DEFAULT NULL::uuid, p_metadata jsonb DEFAULT NULL::jsonb, '
  'p_version integer DEFAULT NULL::integer, p_replace boolean DEFAULT false', 'arguments');
select is(pg_get_function_result('api.upsert_embedding'::regproc), 'TABLE(id uuid, outcome text)', 'result');
select is(p.provolatile::text || p.prosecdef || p.proowner::regrole, 'vtrueplinth_owner', 'volatile, definer, owner')
  from pg_proc p where p.oid = 'api.upsert_embedding'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.upsert_embedding'::regproc;

\set anna 019e0000-0000-7000-8000-0000000e0101
\set ben 019e0000-0000-7000-8000-0000000e0102
insert into auth.users (id, username, email) values
  (:'anna', 'tap_upemb_anna', 'tap_upemb_anna@example.org'), (:'ben', 'tap_upemb_ben', 'tap_upemb_ben@example.org');
insert into chat.conversations (user_id, id, status) values
  (:'anna', '019e0000-0000-7000-8000-0000000e0111', 'active'), (:'ben', '019e0000-0000-7000-8000-0000000e0112',
    'active'),
  (:'anna', '019e0000-0000-7000-8000-0000000e0113', 'deleted');
insert into chat.messages (user_id, id, conversation_id, role, content) values
  (:'anna', '019e0000-0000-7000-8000-0000000e0121', '019e0000-0000-7000-8000-0000000e0111', 'user', 'a message'),
  (:'ben', '019e0000-0000-7000-8000-0000000e0122', '019e0000-0000-7000-8000-0000000e0112', 'user', 'of another'),
  (:'anna', '019e0000-0000-7000-8000-0000000e0123', '019e0000-0000-7000-8000-0000000e0113', 'user', 'deleted');
insert into memory.semantic_memories (user_id, id, conversation_id, content, valid_from, expires_at) values
  (:'anna', '019e0000-0000-7000-8000-0000000e0131', '019e0000-0000-7000-8000-0000000e0111', 'a memory', now(), null),
  (:'anna', '019e0000-0000-7000-8000-0000000e0132', null, 'expired', now() - interval '2 h', now() - interval '1 h'),
  (:'ben', '019e0000-0000-7000-8000-0000000e0133', null, 'of another', now(), null);

select set_config('plinth.caller', :'anna', true);
set session authorization plinth_web;
select is(u.outcome, 'made', 'a text is kept') from upsert_embedding(:'anna', 'a text', '[1,0,0]') u;
select is(u.outcome, 'kept', 'the same text once') from upsert_embedding(:'anna', 'a text', '[0,1,0]') u;
select is(u.outcome, 'replaced', 'another vector where it is asked for')
  from upsert_embedding(:'anna', 'a text', '[0,1,0]', p_replace => true) u;
select is(u.outcome, 'kept', 'the same vector is nothing new')
  from upsert_embedding(:'anna', 'a text', '[0,1,0]', p_replace => true) u;
select is(u.outcome, 'replaced', 'other metadata are') from upsert_embedding(:'anna', 'a text', '[0,1,0]', p_metadata
  => '{"a": 1}') u;
select is(u.outcome, 'kept', 'the same are not, and none are no others')
  from upsert_embedding(:'anna', 'a text', '[0,1,0]') u;
select is(u.outcome, 'made', 'another collection is another place')
  from upsert_embedding(:'anna', 'a text', '[1,0,0]', p_collection => 'notes') u;
select is(u.outcome, 'made', 'so is another model') from upsert_embedding(:'anna', 'a text', '[1,0,0]', 'test-3-l2') u;
select is(u.outcome, 'made', 'and a message')
  from upsert_embedding(:'anna', 'a text', '[1,0,0]', p_message_id => '019e0000-0000-7000-8000-0000000e0121',
    p_version => 1) u;
select is(u.outcome, 'made', 'and a memory')
  from upsert_embedding(:'anna', 'a text', '[1,0,0]', p_memory_id => '019e0000-0000-7000-8000-0000000e0131', p_version
    => 1) u;
select is(u.outcome, 'made', 'a vector of two bytes a number') from upsert_embedding(:'anna', 'a text', '[1,2,3,4]',
  'test-4-half') u;
select is(u.outcome, 'replaced', 'is replaced as well')
  from upsert_embedding(:'anna', 'a text', '[1,2,3,5]', 'test-4-half', p_replace => true) u;

select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1,0]') $$, 'VL001',
  'embedding must have 3 numbers, as test-3 makes them, not 2', 'another length');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[0,0,0]') $$, 'VL001',
  'embedding must not be all zeros: it has no direction', 'no direction');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1e-16,0,0]') $$, 'VL001',
  'embedding must have a norm from 1e-15 to 1e15', 'a direction that arithmetic loses');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1e20,1e20,0]') $$, 'VL001',
  'embedding must have a norm from 1e-15 to 1e15', 'one whose squares are beyond all numbers');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[0,1e16,0]', 'test-3-l2') $$,
  'VL001', 'embedding must have a norm of at most 1e15', 'a place too far for distances');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1,2,3]', p_version => 1) $$,
  'VL001', 'version is that of a message or memory, and none is named', 'the version of nothing');
select lives_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[0,0,0]', 'test-3-l2') $$,
  'where distances are compared, zeros are a place');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1,2,3,65520]',
  'test-4-half') $$,
  'VL001', 'embedding must have numbers from -65504 to 65504', 'a number too large for two bytes');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', null) $$, 'VL003',
  'embedding is missing', 'no vector');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', null, '[1,2,3]') $$, 'VL003',
  'The text is missing', 'no text');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', '', '[1,2,3]') $$, 'VL001',
  'content must have 1 to 100,000 characters', 'an empty text');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1,2,3]', p_collection =>
  repeat('x', 101)) $$,
  'VL001', 'collection must have at most 100 characters', 'a long collection');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1,2,3]', p_metadata =>
  '[]') $$,
  'VL001', 'metadata must be an object of at most 16,384 bytes', 'metadata that are a list');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1,2,3]',
  p_message_id => '019e0000-0000-7000-8000-0000000e0121', p_memory_id => '019e0000-0000-7000-8000-0000000e0131') $$,
  'VL001', 'An embedding hangs on a message or on a memory, not on both', 'two owners');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1,2,3]', 'tap-none') $$,
  'NF001', 'There is no embedding model tap-none', 'no such model');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1,2,3]',
  p_message_id => '019e0000-0000-7000-8000-0000000e0122') $$, 'NF001', 'There is no such message',
    'another user''s message');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1,2,3]',
  p_message_id => '019e0000-0000-7000-8000-0000000e01ff') $$, 'NF001', 'There is no such message',
    'is like one that never was');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1,2,3]',
  p_message_id => '019e0000-0000-7000-8000-0000000e0123') $$, 'NF001', 'There is no such message', 'or a deleted one');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1,2,3]',
  p_memory_id => '019e0000-0000-7000-8000-0000000e0133') $$, 'NF001', 'There is no such memory',
    'another user''s memory');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1,2,3]',
  p_memory_id => '019e0000-0000-7000-8000-0000000e0132') $$, 'NF001', 'There is no such memory', 'an expired one');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1,2,3]',
  p_message_id => '019e0000-0000-7000-8000-0000000e0121', p_version => 7) $$, 'KC002',
  'The text was changed meanwhile: its version is 1', 'made of a text that is no more');
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0102', 'x', '[1,2,3]') $$, 'NP001', null,
  'not for another user');
reset session authorization;

select is((select array_agg(c.embeddings order by m.name) from memory.embedding_counts c join memory.embedding_models
  m on m.id = c.model_id
            where c.user_id = :'anna'),
          (select array_agg(x.n order by x.name) from (select m.name, count(*) as n from memory.embeddings e
             join memory.embedding_models m on m.id = e.model_id where e.user_id = :'anna' group by m.name) x),
          'the counts are those of a recount');
select is((select array_agg(e.conversation_id::text) from memory.embeddings e
            where e.user_id = :'anna' and coalesce(e.message_id, e.memory_id) is not null),
          '{019e0000-0000-7000-8000-0000000e0111,019e0000-0000-7000-8000-0000000e0111}',
            'the conversation is remembered');

select ok(bool_and(abs(d) < 'infinity'), 'what is let in has a distance to all that is, however measured')
  from (select ('[' || n || repeat(',0', 1999) || ']')::ext.vector from unnest(array['1e15', '-1e15', '1e-15', '-1e-15']) n
        union all
        select array_fill(f / sqrt(2000), array[2000])::real[]::ext.vector
          from unnest(array[1e15, -1e15, 1e-15, -1e-15]::float8[]) f) a (a)
 cross join (values (('[1e15' || repeat(',0', 1999) || ']')::ext.vector),
                    (array_fill(-1e15 / sqrt(2000), array[2000])::real[]::ext.vector),
                    (array_fill(1e-15 / sqrt(2000), array[2000])::real[]::ext.vector)) b (b)
 cross join lateral (values (a operator(ext.<=>) b), (a operator(ext.<->) b), (a operator(ext.<#>) b)) d (d);

-- What changes or goes takes its vectors along.
select set_config('plinth.caller', :'anna', true);
update chat.messages set content = 'edited' where user_id = :'anna' and id = '019e0000-0000-7000-8000-0000000e0121';
delete from memory.semantic_memories where user_id = :'anna' and id = '019e0000-0000-7000-8000-0000000e0131';
select is((select count(*) from memory.embeddings e where e.user_id = :'anna' and coalesce(e.message_id, e.memory_id)
  is not null),
          0::bigint, 'an edited message has no vector any more, nor has a memory that went');
select is((select sum(c.embeddings) from memory.embedding_counts c where c.user_id = :'anna'),
          (select count(*)::numeric from memory.embeddings e where e.user_id = :'anna'), 'and the counts know');

update memory.embedding_models set state = 'retired' where name = 'test-3-l2';
set session authorization plinth_web;
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1,2,3]', 'test-3-l2') $$,
  'KC004', 'The model test-3-l2 is retired: nothing is added to it', 'a retired model');
reset session authorization;
update auth.users set status = 'suspended' where username = 'tap_upemb_anna';
set session authorization plinth_web;
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1,2,3]') $$, 'NF001',
                 'There is no such active account', 'an account that was suspended meanwhile');
select throws_ok($$ select upsert_embeddings('019e0000-0000-7000-8000-0000000e0101', array['x'], '{"[1,2,3]"}') $$, 'NF001',
                 'There is no such active account', 'nor several at once');
select set_config('plinth.caller', '', true);
select throws_ok($$ select upsert_embedding('019e0000-0000-7000-8000-0000000e0101', 'x', '[1,2,3]') $$, 'UN001',
                 'Nobody is signed in', 'nobody is signed in');
reset session authorization;
select throws_ok($$ select core.check_embedding(jsonb_populate_record(m, '{"metric": "cosine"}'), '[1e-9,0,0,0]', 'embedding')
                      from memory.embedding_models m where m.name = 'test-4-half' $$,
  'VL001', 'embedding must not be all zeros: it has no direction', 'numbers of which two bytes keep nothing');

select * from finish();
rollback;
