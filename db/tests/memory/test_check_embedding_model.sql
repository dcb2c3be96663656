-- core.check_embedding_model: the rules of an embedding model, and that the table has the same.
begin;
select plan(11);

select is(pg_get_function_arguments('core.check_embedding_model'::regproc), 'p_model memory.embedding_models', 'arguments');
select is(pg_get_function_result('core.check_embedding_model'::regproc), 'void', 'result');
select volatility_is('core', 'check_embedding_model', array['memory.embedding_models'], 'immutable');
select isnt_definer('core', 'check_embedding_model', array['memory.embedding_models']);
select function_owner_is('core', 'check_embedding_model', array['memory.embedding_models'], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'settings') from pg_proc p
 where p.oid = 'core.check_embedding_model'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it')
  from pg_proc p where p.oid = 'core.check_embedding_model'::regproc;

create function pg_temp.row_of(p_fields jsonb) returns memory.embedding_models language sql as $$
  select jsonb_populate_record(m, p_fields) from memory.embedding_models m where m.name = 'test-3-l2'
$$;
create function pg_temp.fault_of(p_fields jsonb) returns text language plpgsql as $$
declare
  v_code text; v_message text; v_field text;
begin
  perform core.check_embedding_model(pg_temp.row_of(p_fields));
  return 'none';
exception when others then
  get stacked diagnostics v_code = returned_sqlstate, v_message = message_text, v_field = column_name;
  return concat_ws('|', v_code, v_field, v_message);
end
$$;
create function pg_temp.table_refuses(p_fields jsonb) returns boolean language plpgsql as $$
declare
  v_new memory.embedding_models := pg_temp.row_of(p_fields);
begin
  update memory.embedding_models m
     set name = v_new.name, description = v_new.description, dimensions = v_new.dimensions, metric = v_new.metric,
         storage = v_new.storage, index_kind = v_new.index_kind, hnsw_m = v_new.hnsw_m,
         hnsw_ef_construction = v_new.hnsw_ef_construction, hnsw_ef_search = v_new.hnsw_ef_search,
         ivfflat_lists = v_new.ivfflat_lists, ivfflat_probes = v_new.ivfflat_probes, state = v_new.state,
         is_default = v_new.is_default
   where m.id = v_new.id;
  return false;
exception when check_violation then
  return true;
end
$$;

create temp table fine (fields jsonb);
insert into fine values ('{}'), ('{"hnsw_m": 2, "hnsw_ef_construction": 4, "hnsw_ef_search": 1, "ivfflat_lists": 1}'),
  ('{"dimensions": 4000, "storage": "halfvec", "metric": "cosine", "index_kind": "none", "ivfflat_lists": 32768}'),
  ('{"hnsw_m": 100, "hnsw_ef_construction": 200, "hnsw_ef_search": 1000, "state": "retired", "is_default": false}');
insert into fine values (jsonb_build_object('description', repeat('x', 500), 'dimensions', 2000, 'storage', 'vector'));
update fine set fields = '{"ivfflat_probes": 1}' || fields;
select is_empty($$ select f.fields from fine f where pg_temp.fault_of(f.fields) <> 'none' or pg_temp.table_refuses(f.fields) $$,
                'as much as may be');

create temp table faults (field text, fields jsonb, message text);
insert into faults values
  ('name', '{"name": "a/b"}', 'name must have 1 to 100 characters: letters, digits, and after the first also . _ : @ -'),
  ('description', jsonb_build_object('description', repeat('x', 501)), 'description must have at most 500 characters'),
  ('dimensions', '{"dimensions": 0}', 'dimensions must be from 1 to 4,000'),
  ('dimensions', '{"dimensions": 4001, "storage": "halfvec"}', 'dimensions must be from 1 to 4,000'),
  ('metric', '{"metric": "manhattan"}', 'metric must be cosine, l2 or inner_product'),
  ('storage', '{"storage": "bit"}', 'storage must be vector, which goes to 2,000 dimensions, or halfvec'),
  ('storage', '{"dimensions": 2001, "storage": "vector"}', 'storage must be vector, which goes to 2,000 dimensions, or halfvec'),
  ('index_kind', '{"index_kind": "gin"}', 'index_kind must be hnsw, ivfflat or none'),
  ('hnsw_m', '{"hnsw_m": 1}', 'hnsw_m must be from 2 to 100'),
  ('hnsw_m', '{"hnsw_m": 2147483647}', 'hnsw_m must be from 2 to 100'),
  ('hnsw_ef_construction', '{"hnsw_ef_construction": 1001}',
   'hnsw_ef_construction must be from 4 to 1,000, and twice hnsw_m at least'),
  ('hnsw_ef_construction', '{"hnsw_m": 100, "hnsw_ef_construction": 199}',
   'hnsw_ef_construction must be from 4 to 1,000, and twice hnsw_m at least'),
  ('hnsw_ef_search', '{"hnsw_ef_search": 0}', 'hnsw_ef_search must be from 1 to 1,000'),
  ('ivfflat_lists', '{"ivfflat_lists": 32769}', 'ivfflat_lists must be from 1 to 32,768'),
  ('ivfflat_probes', '{"ivfflat_probes": 0}', 'ivfflat_probes must be from 1 to ivfflat_lists'),
  ('ivfflat_probes', '{"ivfflat_lists": 2, "ivfflat_probes": 3}', 'ivfflat_probes must be from 1 to ivfflat_lists'),
  ('state', '{"state": "gone"}', 'state must be active or retired'),
  ('state', '{"state": "retired", "is_default": true}',
   'A retired model is not the default one: make another the default first');
select results_eq('select pg_temp.fault_of(f.fields) from faults f',
                  $$ select concat_ws('|', 'VL001', f.field, f.message) from faults f $$,
                  'each rule has its word and names its field');
select is_empty('select f.fields from faults f where not pg_temp.table_refuses(f.fields)', 'the table refuses the same');

set session authorization plinth_web;
select throws_ok($$ select core.check_embedding_model(null) $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
