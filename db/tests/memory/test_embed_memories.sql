-- core.embed_memories: vectors that come with memories are kept, where there are some.
begin;
select plan(15);

-- First of all, and waiting as long as it takes: two files that hold some tables already would wait for each other.
update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
lock table auth.users, chat.messages, memory.semantic_memories in share row exclusive mode;
select lives_ok($$ select api.create_embedding_model('tap_embed_memories', 2) $$, 'a model');

select is(pg_get_function_arguments('core.embed_memories'::regproc),
  'p_user_id uuid, p_ids uuid[], p_contents text[], p_embeddings ext.vector[], p_model text, '
  'p_path text DEFAULT ''''::text', 'arguments');
select is(pg_get_function_result('core.embed_memories'::regproc),
  'void', 'result');
select volatility_is('core', 'embed_memories', array['uuid', 'uuid[]', 'text[]', 'ext.vector[]', 'text', 'text'], 'volatile');
select isnt_definer('core', 'embed_memories', array['uuid', 'uuid[]', 'text[]', 'ext.vector[]', 'text', 'text']);
select is(p.proowner::regrole::text, 'plinth_owner', 'owner') from pg_proc p where p.oid = 'core.embed_memories'::regproc;
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'core.embed_memories'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.embed_memories'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001b101', 'tap_embed_memories', 'tap_embed_memories@example.org');
insert into memory.semantic_memories (user_id, id, content) values
  ('019e0000-0000-7000-8000-00000001b101', '019e0000-0000-7000-8000-00000001b121', 'one'),
  ('019e0000-0000-7000-8000-00000001b101', '019e0000-0000-7000-8000-00000001b122', 'two');
create function pg_temp.embed(p_embeddings ext.vector[], p_model text default 'tap_embed_memories') returns text[]
language sql volatile
as $$
  select core.embed_memories('019e0000-0000-7000-8000-00000001b101',
    '{019e0000-0000-7000-8000-00000001b121,019e0000-0000-7000-8000-00000001b122}', '{one,two}', p_embeddings, p_model,
    'memories[%s].');
  select array_agg(concat_ws(' ', e.content, right(e.memory_id::text, 4), e.embedding) order by e.content)
    from memory.embeddings e where e.user_id = '019e0000-0000-7000-8000-00000001b101'
$$;
select is(pg_temp.embed(array[null, null]::ext.vector[], null), null, 'none: no model is asked for either');
select throws_ok($$ select pg_temp.embed(array[null, null]::ext.vector[], 'tap_none') $$, 'VL001',
                 'model says what made embedding, and there is none', 'a model of nothing');
select is(pg_temp.embed(array[null, '[1,2]']::ext.vector[]), '{"two b122 [1,2]"}', 'where there is one');
select is(pg_temp.embed(array['[0,1]', '[3,4]']::ext.vector[]), '{"one b121 [0,1]","two b122 [3,4]"}', 'another takes its place');
select throws_ok($$ select pg_temp.embed(array['[0,1]', '[3,4]']::ext.vector[], 'tap_none') $$, 'NF001',
                 'There is no embedding model tap_none', 'no such model');
select throws_ok($$ select pg_temp.embed(array['[0,1]', '[3,4,5]']::ext.vector[]) $$, 'VL001',
                 'memories[1].embedding must have 2 numbers, as tap_embed_memories makes them, not 3', 'another length');
set session authorization plinth_web;
select throws_ok($$ select core.embed_memories(null, null, null, null, null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
