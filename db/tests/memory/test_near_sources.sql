-- core.near_sources: messages or memories by their nearest vector, each once, as many as there are.
begin;
select plan(22);

-- First of all, and waiting as long as it takes: two files that hold some tables already would wait for each other.
update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
lock table auth.users, chat.messages, memory.semantic_memories in share row exclusive mode;
select lives_ok($$ select api.create_embedding_model('tap_near_sources', 2) $$, 'a model');

select is(pg_get_function_arguments('core.near_sources'::regproc),
  'p_user_id uuid, p_kind text, p_model memory.embedding_models, p_embedding ext.vector, p_most integer, '
  'p_conversation_id uuid DEFAULT NULL::uuid, '
  'p_from timestamp with time zone DEFAULT NULL::timestamp with time zone, '
  'p_to timestamp with time zone DEFAULT NULL::timestamp with time zone', 'arguments');
select is(pg_get_function_result('core.near_sources'::regproc),
  'TABLE(id uuid, distance double precision)', 'result');
select is(p.provolatile::text, 's', 'stable') from pg_proc p where p.oid = 'core.near_sources'::regproc;
select is(p.prosecdef, false, 'definer') from pg_proc p where p.oid = 'core.near_sources'::regproc;
select is(p.proowner::regrole::text, 'plinth_owner', 'owner') from pg_proc p
 where p.oid = 'core.near_sources'::regproc;
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'core.near_sources'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.near_sources'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001b601', 'tap_near_sources', 'tap_near_sources@example.org');
insert into chat.conversations (user_id, id) values
  ('019e0000-0000-7000-8000-00000001b601', '019e0000-0000-7000-8000-00000001b611');
insert into chat.messages (user_id, id, conversation_id, role, content, created_at)
select '019e0000-0000-7000-8000-00000001b601', ('019e0000-0000-7000-8000-00000001b62' || n)::uuid,
       '019e0000-0000-7000-8000-00000001b611', 'user', 'message ' || n, timestamptz '2026-01-01' + n * interval '1 day'
  from generate_series(1, 9) n;
insert into memory.semantic_memories (user_id, id, content, created_at)
select '019e0000-0000-7000-8000-00000001b601', ('019e0000-0000-7000-8000-00000001b63' || n)::uuid, 'memory ' || n,
       timestamptz '2026-01-01' + n * interval '1 day'
  from generate_series(1, 3) n;
select lives_ok($$ select api.upsert_embeddings('019e0000-0000-7000-8000-00000001b601',
  array(select 'part ' || p || ' of ' || n from generate_series(1, 9) n, generate_series(1, 2) p order by n, p),
  array(select format('[1,%s]', n + p - 1)::ext.vector from generate_series(1, 9) n, generate_series(1, 2) p order by n, p),
  'tap_near_sources', p_message_ids => array(select ('019e0000-0000-7000-8000-00000001b62' || n)::uuid
    from generate_series(1, 9) n, generate_series(1, 2) p order by n, p)) $$, 'two vectors of each message');
select lives_ok($$ select api.upsert_embeddings('019e0000-0000-7000-8000-00000001b601', '{one,two,three}',
  array['[1,1]', '[1,2]', '[1,3]']::ext.vector[], 'tap_near_sources',
  p_memory_ids => array(select ('019e0000-0000-7000-8000-00000001b63' || n)::uuid from generate_series(1, 3) n)) $$,
  'and one of each memory');
update memory.semantic_memories m set valid_to = now() where m.content = 'memory 1';

create function pg_temp.near(p_kind text, p_most integer, p_from date default null, p_to date default null)
returns text[]
language sql volatile
as $$
  select array_agg(right(s.id::text, 4) order by s.distance)
    from memory.embedding_models k
   cross join lateral core.near_sources('019e0000-0000-7000-8000-00000001b601', p_kind, k, '[1,0]', p_most, null, p_from, p_to) s
   where k.name = 'tap_near_sources'
$$;
select is(pg_temp.near('message', 20), '{b621,b622,b623,b624,b625,b626,b627,b628,b629}', 'each once, by its nearest');
select is((pg_temp.near('message', 4))[1:4], '{b621,b622,b623,b624}', 'as many as asked for');
select is(pg_temp.near('memory', 20), '{b632,b633}', 'memories that are true');
select is(pg_temp.near('message', 1, '2026-01-10'), '{b629}', 'the only one that fits is found, however far');
select is(pg_temp.near('message', 5, '2026-01-03', '2026-01-05'), '{b622,b623}', 'from is included, to is not');
select is(pg_temp.near('memory', 5, '2026-01-03', '2026-01-04'), '{b632}', 'for memories, too');
select is(pg_temp.near('memory', 5, '2026-01-04'), '{b633}', 'from then on');
select is(pg_temp.near('memory', 5, null, '2026-01-04'), '{b632}', 'before');
select is(pg_temp.near('memory', 5, '2027-01-01'), null, 'none');

-- Twenty thousand vectors of one message, nearer than all others.
select lives_ok($$ select api.create_embedding_model('tap_near_many', 2, p_index_kind => 'none') $$, 'another model');
insert into memory.embeddings (user_id, model_id, message_id, conversation_id, content, embedding)
select '019e0000-0000-7000-8000-00000001b601', k.id,
       ('019e0000-0000-7000-8000-00000001b62' || case when n <= 20000 then 1 else n - 19999 end)::uuid,
       '019e0000-0000-7000-8000-00000001b611', n::text, format('[1,%s]', n)::ext.vector
  from memory.embedding_models k cross join generate_series(1, 20001) n where k.name = 'tap_near_many';
select is((select array_agg(right(s.id::text, 4))
             from core.near_sources('019e0000-0000-7000-8000-00000001b601', 'message', k, '[1,0]', 1, null, '2026-01-03') s),
          null, 'so many are looked at: what is farther is not found')
  from memory.embedding_models k where k.name = 'tap_near_many';
set session authorization plinth_web;
select throws_ok($$ select pg_temp.near('memory', 1) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
