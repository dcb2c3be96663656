-- api.next_embedding_index_step: which statement comes next. That they run is shown in tests/memory.
begin;
select plan(11);

select is(pg_get_function_arguments('api.next_embedding_index_step'::regproc), 'p_name text', 'arguments');
select is(pg_get_function_result('api.next_embedding_index_step'::regproc), 'TABLE(step text, statement text)',
  'result');
select is(p.provolatile::text || p.prosecdef || p.proowner::regrole, 'vtrueplinth_owner', 'volatile, definer, owner')
  from pg_proc p where p.oid = 'api.next_embedding_index_step'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
  '{plinth_operator,plinth_owner}',
          'operators only') from pg_proc p where p.oid = 'api.next_embedding_index_step'::regproc;

select m.id as id from memory.embedding_models m where m.name = 'test-3' \gset
set session authorization plinth_operator;
select is_empty($$ select next_embedding_index_step('test-3') $$, 'nothing, where the index is as it should be');
select ok(m.version > 1, 'another one is wanted') from update_embedding_model('test-3', p_hnsw_m => 8) m;
select results_eq($$ select * from next_embedding_index_step('test-3') $$, format(
  $$ values ('building embeddings_%1$s_hnsw_8_128_idx', 'create index concurrently embeddings_%1$s_hnsw_8_128_idx on '
             'memory.embeddings_%1$s using hnsw ((embedding::ext.vector(3)) ext.vector_cosine_ops) '
             'with (m = 8, ef_construction = 128)') $$,
  :'id'), 'it is built beside the one there is');
select ok(m.version > 1, 'none is wanted') from update_embedding_model('test-3', p_index_kind => 'none') m;
select results_eq($$ select n.statement from next_embedding_index_step('test-3') n $$,
  array[format('drop index concurrently memory.embeddings_%s_hnsw_16_128_idx', :'id')], 'the one there is goes');
select throws_ok($$ select next_embedding_index_step(null) $$, 'NF001', 'There is no such embedding model',
  'no such model');
reset session authorization;

select set_config('plinth.caller', '01900000-0000-7000-8000-000000000005', true);
select throws_ok($$ select next_embedding_index_step('test-3') $$, 'NP001',
  'This needs the permission embeddings:manage',
                 'not without the permission');
do $$ begin perform pg_advisory_unlock_all(); end $$;

select * from finish();
rollback;
