-- core.lock_embeddings: how many embeddings messages and memories have, each locked.
begin;
select plan(8);

select is(pg_get_function_arguments('core.lock_embeddings'::regproc),
  'p_user_id uuid, p_message_ids uuid[], p_memory_ids uuid[]', 'arguments');
select is(pg_get_function_result('core.lock_embeddings'::regproc), 'integer', 'result');
select volatility_is('core', 'lock_embeddings', array['uuid', 'uuid[]', 'uuid[]'], 'volatile');
select isnt_definer('core', 'lock_embeddings', array['uuid', 'uuid[]', 'uuid[]']);
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner,plinth_system}', 'who may call it')
  from pg_proc p where p.oid = 'core.lock_embeddings'::regproc;

insert into auth.users (id, username, email) values
  ('019e0000-0000-7000-8000-00000001be01', 'tap_lock_embeddings_anna', 'tap_lock_embeddings_anna@example.org');
insert into memory.semantic_memories (user_id, id, content)
select u.id, ('019e0000-0000-7000-8000-00000001be1' || n)::uuid, 'memory ' || n
  from auth.users u cross join generate_series(1, 3) n where u.username = 'tap_lock_embeddings_anna';
insert into memory.embeddings (user_id, model_id, memory_id, content, embedding)
select s.user_id, m.id, s.id, s.content, '[1,0]'
  from memory.semantic_memories s
 cross join memory.embedding_models m
 where s.user_id = '019e0000-0000-7000-8000-00000001be01' and s.content <> 'memory 3' and m.name = 'test-2-bare';

select is(core.lock_embeddings('019e0000-0000-7000-8000-00000001be01', null,
            array['019e0000-0000-7000-8000-00000001be11', '019e0000-0000-7000-8000-00000001be12',
                  '019e0000-0000-7000-8000-00000001be13']::uuid[]), 2, 'all vectors of some memories');
select is(core.lock_embeddings('019e0000-0000-7000-8000-00000001be01', '{}', '{}'), 0, 'none');
set session authorization plinth_web;
select throws_ok($$ select core.lock_embeddings(null, null, null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
