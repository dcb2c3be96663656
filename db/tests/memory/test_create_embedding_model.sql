-- api.create_embedding_model: registers a model, makes its partition and index.
begin;
select plan(36);

-- First of all, and waiting as long as it takes: two files that hold some tables already would wait for each other.
update base.settings s set value = s.value where s.name = 'embeddings.model_limit';
lock table auth.users, chat.messages, memory.semantic_memories in share row exclusive mode;

select is(pg_get_function_arguments('api.create_embedding_model'::regproc),
  'p_name text, p_dimensions integer, p_description text DEFAULT ''''::text, p_metric text DEFAULT ''cosine''::text, '
  'p_storage text DEFAULT NULL::text, p_index_kind text DEFAULT ''hnsw''::text, p_hnsw_m integer DEFAULT 16, '
  'p_hnsw_ef_construction integer DEFAULT NULL::integer, p_hnsw_ef_search integer DEFAULT 100, '
  'p_ivfflat_lists integer DEFAULT 100, p_ivfflat_probes integer DEFAULT NULL::integer, '
  'p_default boolean DEFAULT false', 'arguments');
select is(pg_get_function_result('api.create_embedding_model'::regproc), 'SETOF core.embedding_model_details',
  'result');
select is(p.provolatile::text || p.prosecdef, 'vtrue', 'volatile, definer') from pg_proc p
 where p.oid = 'api.create_embedding_model'::regproc;
select is(p.proowner::regrole::text, 'plinth_owner', 'owner') from pg_proc p
 where p.oid = 'api.create_embedding_model'::regproc;
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'api.create_embedding_model'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_operator,plinth_owner,plinth_web}', 'who may call it')
  from pg_proc p where p.oid = 'api.create_embedding_model'::regproc;

set session authorization plinth_operator;
select results_eq(
  $$ select m.storage, m.index_kind, m.index_state, m.state, m.is_default, m.version
       from create_embedding_model('tap-new-768', 768, ' of a test ') m $$,
  $$ values ('vector', 'hnsw', 'ready', 'active', false, 1) $$, 'a model, its index ready from the beginning');
select results_eq(
  $$ select m.storage, m.metric, m.index_state
       from create_embedding_model('tap-new-3072', 3072, p_metric => 'inner_product', p_default => true) m $$,
  $$ values ('halfvec', 'inner_product', 'ready') $$, 'a wide one is kept in two bytes a number');
select is((select array_agg(m.name) from list_embedding_models('01900000-0000-7000-8000-000000000005') m where
  m.is_default),
          '{tap-new-3072}', 'it is the default now, and no other');
select results_eq(
  $$ select m.index_kind, m.index_state from create_embedding_model('tap-new-ivf', 8, p_index_kind => 'ivfflat') m $$,
  $$ values ('ivfflat', 'missing') $$, 'an ivfflat index waits for rows');
select results_eq(
  $$ select m.index_kind, m.index_state from create_embedding_model('tap-new-none', 8, p_index_kind => 'none') m $$,
  $$ values ('none', 'none') $$, 'or none is wanted');
select results_eq(
  $$ select m.hnsw_ef_construction from create_embedding_model('tap-new-m', 8, p_hnsw_m => 80) m $$, '{160}'::integer[],
  'as many candidates as so many neighbours need');

select throws_ok($$ select create_embedding_model(null, 3) $$, 'VL003', 'A model needs a name and dimensions',
  'no name');
select throws_ok($$ select create_embedding_model('tap-x', null) $$, 'VL003', 'A model needs a name and dimensions',
  'no dimensions');
select throws_ok($$ select create_embedding_model('test-3', 3) $$, 'KC001', 'The name is taken',
  'a name that is taken');
select throws_ok($$ select create_embedding_model('tap/x', 3) $$, 'VL001',
  'name must have 1 to 100 characters: letters, digits, and after the first also . _ : @ -', 'a name with a slash');
select throws_ok($$ select create_embedding_model('tap-x', 0) $$, 'VL001', 'dimensions must be from 1 to 4,000',
  'no dimension');
select throws_ok($$ select create_embedding_model('tap-x', 4001) $$, 'VL001', 'dimensions must be from 1 to 4,000',
  'too many');
select throws_ok($$ select create_embedding_model('tap-x', 2001, p_storage => 'vector') $$, 'VL001',
  'storage must be vector, which goes to 2,000 dimensions, or halfvec', 'too wide for a vector');
select throws_ok($$ select create_embedding_model('tap-x', 3, p_storage => 'bit') $$, 'VL001',
  'storage must be vector, which goes to 2,000 dimensions, or halfvec', 'another type');
select throws_ok($$ select create_embedding_model('tap-x', 3, p_metric => 'manhattan') $$, 'VL001',
  'metric must be cosine, l2 or inner_product', 'another metric');
select throws_ok($$ select create_embedding_model('tap-x', 3, p_index_kind => 'gin') $$, 'VL001',
  'index_kind must be hnsw, ivfflat or none', 'another index');
select throws_ok($$ select create_embedding_model('tap-x', 3, p_hnsw_m => 2147483647) $$, 'VL001', 'hnsw_m must be from 2 to 100',
  'far too many neighbours');
select throws_ok($$ select create_embedding_model('tap-x', 3, p_hnsw_m => 64, p_hnsw_ef_construction => 100) $$,
  'VL001',
  'hnsw_ef_construction must be from 4 to 1,000, and twice hnsw_m at least', 'parameters that do not fit');
select throws_ok($$ select create_embedding_model('tap-x', 3, p_hnsw_m => 1000) $$, 'VL001',
  'hnsw_m must be from 2 to 100', 'the parameter that is wrong, not the one that goes with it');
select throws_ok($$ select create_embedding_model('tap-x', 3, p_ivfflat_probes => 101) $$, 'VL001',
  'ivfflat_probes must be from 1 to ivfflat_lists', 'more probes than lists');
select throws_ok($$ select create_embedding_model('tap-x', 3, repeat('x', 501)) $$, 'VL001',
  'description must have at most 500 characters', 'a long description');
reset session authorization;

-- What the partition is.
select is((select array_agg(c.relrowsecurity and c.relforcerowsecurity) from memory.embedding_models m
             join pg_class c on c.oid = to_regclass(format('memory.embeddings_%s', m.id)) where m.name ~ '^tap-new'),
          '{t,t,t,t,t}', 'row policies are forced on each partition');
select is((select array_agg(split_part(pg_get_indexdef(i.indexrelid), ' USING ', 2)) from memory.embedding_models m
             join pg_index i on i.indrelid = to_regclass(format('memory.embeddings_%s', m.id))
             join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam and a.amname = 'hnsw'
            where m.name = 'tap-new-3072'),
          array['hnsw (((half_embedding)::ext.halfvec(3072)) ext.halfvec_ip_ops) WITH (m=''16'', ef_construction=''128'')'],
          'its index is of its own type');
select is((select c.reloptions from memory.embedding_models m
             join pg_class c on c.oid = to_regclass(format('memory.embeddings_%s', m.id)) where m.name = 'tap-new-768'),
          '{toast_tuple_target=4080}', 'two rows go into a page, and texts use what they leave');
select throws_ok(
  $$ insert into memory.embeddings (user_id, model_id, content, embedding)
     select '01900000-0000-7000-8000-000000000005', m.id, 'x', '[1,2,3]' from memory.embedding_models m where m.name =
       'tap-new-768' $$,
  '23514', null, 'the database itself refuses a vector of another length');
select is((select array_agg(l.action || ' ' || l.entity_id order by l.id) from ops.audit_logs l where l.entity_id ~
  '^tap-new'),
          '{"insert tap-new-768","insert tap-new-3072","insert tap-new-ivf","insert tap-new-none","insert tap-new-m"}',
            'it is in the trail');

set session authorization plinth_operator;
select results_eq($$ select m.storage from create_embedding_model('tap-widest', 2000, p_index_kind => 'none') m $$, array['vector'],
  'up to 2,000 numbers in four bytes each');
reset session authorization;
update base.settings set value = (select count(*) from memory.embedding_models)::text where name =
  'embeddings.model_limit';
set session authorization plinth_operator;
select throws_ok($$ select create_embedding_model('tap-x', 3) $$, 'KC008', null, 'as many as there may be');
reset session authorization;

-- Who may not.
select set_config('plinth.caller', '01900000-0000-7000-8000-000000000005', true);
set session authorization plinth_web;
select throws_ok($$ select create_embedding_model('tap-x', 3) $$, 'NP001',
  'This needs the permission embeddings:manage',
                 'not without the permission');
select set_config('plinth.caller', '', true);
select throws_ok($$ select create_embedding_model('tap-x', 3) $$, 'UN001', 'Nobody is signed in',
  'nobody is signed in');
reset session authorization;

select * from finish();
rollback;
