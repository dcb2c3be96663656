-- api.update_embedding_model: how a model is searched, which index it should have, whether it is the default.
begin;
select plan(19);

select is(pg_get_function_arguments('api.update_embedding_model'::regproc),
  'p_name text, p_description text DEFAULT NULL::text, p_index_kind text DEFAULT NULL::text, '
  'p_hnsw_m integer DEFAULT NULL::integer, p_hnsw_ef_construction integer DEFAULT NULL::integer, '
  'p_hnsw_ef_search integer DEFAULT NULL::integer, p_ivfflat_lists integer DEFAULT NULL::integer, '
  'p_ivfflat_probes integer DEFAULT NULL::integer, p_state text DEFAULT NULL::text, p_default boolean DEFAULT NULL::boolean, '
  'p_version integer DEFAULT NULL::integer', 'arguments');
select is(pg_get_function_result('api.update_embedding_model'::regproc), 'SETOF core.embedding_model_details',
  'result');
select is(p.provolatile::text || p.prosecdef || p.proowner::regrole, 'vtrueplinth_owner', 'volatile, definer, owner')
  from pg_proc p where p.oid = 'api.update_embedding_model'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.update_embedding_model'::regproc;

set session authorization plinth_operator;
select results_eq(
  $$ select m.hnsw_ef_search, m.description, m.hnsw_m, m.hnsw_ef_construction, m.is_default, m.version - 1
       from update_embedding_model('test-3-l2', ' other words ', p_hnsw_ef_search => 321) m $$,
  $$ values (321, 'other words', 16, 128, false, 1) $$, 'what is named changes, the rest stays');
select ok(m.is_default, 'it becomes the default') from update_embedding_model('test-3-l2', p_default => true) m;
select results_eq(
  $$ select m.name from list_embedding_models('01900000-0000-7000-8000-000000000005') m where m.is_default $$,
  array['test-3-l2'], 'and no other is it any more');
select throws_ok($$ select update_embedding_model('test-3-l2', p_state => 'retired') $$, 'VL001',
  'A retired model is not the default one: make another the default first', 'the default cannot be retired');
select is((select m.state from update_embedding_model('test-3', p_state => 'retired') m), 'retired', 'another can');
select results_eq(
  $$ select m.index_kind, m.index_state from update_embedding_model('test-3-l2', p_index_kind => 'ivfflat') m $$,
  $$ values ('ivfflat', 'ready') $$, 'another index is wanted; the one there is serves until then');
select is((select m.hnsw_ef_construction from update_embedding_model('test-3-l2', p_hnsw_ef_construction => 40) m), 40,
          'a graph with less care');
select results_eq(
  $$ select m.hnsw_m, m.hnsw_ef_construction from update_embedding_model('test-3-l2', p_hnsw_m => 80) m $$,
  'values (80, 160)', 'more neighbours need more candidates');
select throws_ok($$ select update_embedding_model('test-3-l2', p_hnsw_m => 101) $$, 'VL001',
  'hnsw_m must be from 2 to 100', 'too many neighbours');

select throws_ok($$ select update_embedding_model('test-3-l2', p_hnsw_ef_search => 1001) $$, 'VL001',
  'hnsw_ef_search must be from 1 to 1,000', 'a number out of bounds');
select throws_ok($$ select update_embedding_model('test-3', p_state => 'gone') $$, 'VL001',
  'state must be active or retired', 'another state');
select throws_ok($$ select update_embedding_model('test-3-l2', 'x', p_version => 999) $$, 'KC002', null,
  'an old version');
select throws_ok($$ select update_embedding_model('tap-none', 'x') $$, 'NF001', 'There is no embedding model tap-none',
  'no model');
reset session authorization;

select set_config('plinth.caller', '01900000-0000-7000-8000-000000000005', true);
set session authorization plinth_web;
select throws_ok($$ select update_embedding_model('test-3', 'x') $$, 'NP001',
  'This needs the permission embeddings:manage',
                 'not without the permission');
select set_config('plinth.caller', '', true);
select throws_ok($$ select update_embedding_model('test-3', 'x') $$, 'UN001', 'Nobody is signed in',
  'nobody is signed in');
reset session authorization;

select * from finish();
rollback;
